import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type {
  Aftermath,
  BaseRecord,
  ClientChange,
  ClientProgress,
  Issue,
  Release,
  StoredTask,
  TaskState,
  VectorDigests,
} from './catalogue.ts';
import type { Evictor } from './evictor.ts';
import {
  readClientId,
  readClientVectors,
  readDigest,
  readTaskRow,
  readTaskVersion,
  readVectors,
} from './rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import {
  DIGESTS_BEFORE_RELEASE,
  INSERT_BASE,
  INSERT_RELEASED_BASES,
  INSERT_VERSION,
  MOVE_TASK,
  REFUSE_QUARANTINED,
  RELEASE_CLIENTS,
  SET_CLIENT,
  SET_CLIENT_VECTOR,
  SET_RELEASED_START_WEIGHTS,
  SET_TASK_VECTOR,
} from './statements.ts';

/** Names one client of one task. */
export interface ClientKey {
  readonly taskId: string;
  readonly clientId: string;
}

/** Moves the strategy's state of tasks and clients; each method is a part of a transaction of the catalogue. */
export class StateWriter {
  readonly #connection: SqliteConnection;
  readonly #evictor: Evictor;

  constructor(connection: SqliteConnection, evictor: Evictor) {
    this.#connection = connection;
    this.#evictor = evictor;
  }

  task(taskId: string): StoredTask {
    const sql = 'SELECT global_version, settings, scalars FROM task_state WHERE task_id = @taskId';
    const { settings, globalVersion, scalars } = readTaskRow(this.#connection.get(sql, { taskId }));
    const vectors = this.#taskVectors(taskId);
    const { globalWeights } = vectors;
    if (globalWeights === undefined) throw new Error(`task ${taskId} has no global weights`);
    return { settings, state: { globalVersion, scalars, vectors: { ...vectors, globalWeights } } };
  }

  tasks(): readonly { readonly taskId: string; readonly globalVersion: number }[] {
    const sql = 'SELECT task_id, global_version FROM task_state';
    return this.#connection.all(sql, {}).map(readTaskVersion);
  }

  /** Writes a task's state; a new version comes into its list. @returns digests that may have lost their last reader */
  moveTask(taskId: string, state: TaskState, atTime: string): string[] {
    const { globalVersion, vectors } = state;
    const scalars = JSON.stringify(state.scalars);
    const before = this.#taskVectors(taskId);
    if (this.#connection.change(MOVE_TASK, { taskId, globalVersion, scalars }) !== 1) {
      throw new Error(`task ${taskId} cannot move to version ${globalVersion}`);
    }
    for (const [name, digest] of Object.entries(vectors)) {
      if (before[name] !== digest) this.#connection.change(SET_TASK_VECTOR, { taskId, name, digest });
    }
    const version = { taskId, globalVersion, digest: vectors.globalWeights, createdAt: atTime };
    const isNew = this.#connection.change(INSERT_VERSION, version) === 1;
    const retired = isNew ? this.#evictor.retire(taskId, globalVersion, atTime) : [];
    const replaced = Object.keys(vectors).flatMap((name) => {
      const digest = before[name];
      return digest === undefined || digest === vectors[name] ? [] : [digest];
    });
    return [...replaced, ...retired];
  }

  /** Sends a client new weights outside an update. @returns digests that may have lost their last reader */
  issue({ base, client }: Issue, state: TaskState): string[] {
    const moved = this.moveTask(base.taskId, state, base.issuedAt);
    return [...moved, ...this.sendBase(base, client, base)];
  }

  /**
   * Keeps a client's progress, and the base it is sent now; null: it is sent none.
   * @returns digests that may have lost their last reader
   */
  sendBase({ taskId, clientId }: ClientKey, progress: ClientChange, base: BaseRecord | null): string[] {
    const key = { taskId, clientId };
    const { vectors } = this.clientVectors(key);
    const sql = `SELECT weights_digest AS digest FROM bases JOIN clients ON clients.base_id = bases.id
                 WHERE clients.task_id = @taskId AND clients.client_id = @clientId`;
    const weightsDigest = readDigest(this.#connection.get(sql, key));
    if (base !== null) {
      this.#connection.change(INSERT_BASE, { ...base, calibration: JSON.stringify(base.calibration) });
    }
    this.setClient(key, progress, base?.baseId ?? null);
    const names = Object.keys(progress.forgetsVectors ? vectors : progress.vectors);
    const replaced = names.map((name) => vectors[name]);
    const digests = base === null ? replaced : [...replaced, weightsDigest ?? undefined];
    return digests.filter((digest) => digest !== undefined);
  }

  /**
   * Starts a task anew from a state: what was kept of its clients is replaced by `client`, each that has a base
   * receives the global weights, and what is in quarantine is refused, because its client goes on from others.
   */
  restart(from: {
    taskId: string;
    state: TaskState;
    client: ClientProgress;
    release: Release;
    at: string;
  }): Aftermath {
    const { taskId, state, client, release, at } = from;
    const code: ErrorCode = 'update/overtaken';
    const refused = this.#connection.all(REFUSE_QUARANTINED, { taskId, code }).map((row) => readDigest(row)!);
    const forgotten = [
      ...this.keepOnly('task_vectors', taskId, []),
      ...this.keepOnly('client_vectors', taskId, []),
    ];
    const moved = this.moveTask(taskId, state, at);
    const released = this.release({ taskId, state, release, everyone: true, issuedAt: at });
    this.setAllClients(taskId, client);
    const obsoleteDigests = [...refused, ...forgotten, ...moved, ...released.obsoleteDigests];
    return { ...released, obsoleteDigests };
  }

  setClient({ taskId, clientId }: ClientKey, progress: ClientChange, baseId: string | null): void {
    const { isHeld, scalars, vectors, forgetsVectors } = progress;
    const key = { taskId, clientId };
    if (forgetsVectors) {
      const sql = 'DELETE FROM client_vectors WHERE task_id = @taskId AND client_id = @clientId';
      this.#connection.change(sql, key);
    }
    const values = { ...key, baseId, isHeld: isHeld ? 1 : 0, scalars: JSON.stringify(scalars) };
    this.#connection.change(SET_CLIENT, values);
    for (const [name, digest] of Object.entries(vectors)) {
      this.#connection.change(SET_CLIENT_VECTOR, { ...key, name, digest });
    }
  }

  /** The same progress for every client that has a base. */
  setAllClients(taskId: string, { isHeld, scalars, vectors }: ClientProgress): void {
    const values = { taskId, isHeld: isHeld ? 1 : 0, scalars: JSON.stringify(scalars) };
    this.#connection.change(
      'UPDATE clients SET is_held = @isHeld, scalars = @scalars WHERE task_id = @taskId AND base_id IS NOT NULL',
      values,
    );
    for (const [name, digest] of Object.entries(vectors)) {
      this.#connection.change(
        `INSERT INTO client_vectors
         SELECT task_id, client_id, @name, @digest, NULL FROM clients WHERE task_id = @taskId AND base_id IS NOT NULL
         ON CONFLICT DO UPDATE SET digest = excluded.digest, evicted_at = NULL`,
        { taskId, name, digest },
      );
    }
  }

  /** Sends the global weights to all held clients, or to everyone, in a number of statements that is always the same. */
  release(to: {
    taskId: string;
    state: TaskState;
    release: Release;
    everyone: boolean;
    issuedAt: string;
  }): Aftermath {
    const { taskId, state, release, issuedAt } = to;
    const concerned = { taskId, everyone: to.everyone ? 1 : 0 };
    const digest = state.vectors.globalWeights;
    const obsoleteDigests = this.#connection
      .all(DIGESTS_BEFORE_RELEASE, concerned)
      .map((row) => readDigest(row)!);
    const { globalVersion } = state;
    const { use } = release;
    this.#connection.change(INSERT_RELEASED_BASES, { ...concerned, globalVersion, digest, use, issuedAt });
    if (release.keepsStartWeights) {
      this.#connection.change(SET_RELEASED_START_WEIGHTS, { ...concerned, digest });
    }
    const releasedClients = this.#connection.all(RELEASE_CLIENTS, concerned).map(readClientId);
    return { obsoleteDigests, releasedClients };
  }

  /** Forgets vectors with other names. @returns their digests */
  keepOnly(table: 'task_vectors' | 'client_vectors', taskId: string, names: readonly string[]): string[] {
    const isOther = 'task_id = @taskId AND name NOT IN (SELECT value FROM json_each(@names))';
    const values = { taskId, names: JSON.stringify(names) };
    const digests = this.#connection
      .all(`SELECT DISTINCT digest FROM ${table} WHERE ${isOther}`, values)
      .map((row) => readDigest(row)!);
    this.#connection.change(`DELETE FROM ${table} WHERE ${isOther}`, values);
    return digests;
  }

  clientVectors(key: ClientKey): ReturnType<typeof readClientVectors> {
    const sql =
      'SELECT name, digest, evicted_at FROM client_vectors WHERE task_id = @taskId AND client_id = @clientId';
    return readClientVectors(this.#connection.all(sql, { ...key }));
  }

  #taskVectors(taskId: string): VectorDigests {
    const sql = 'SELECT name, digest FROM task_vectors WHERE task_id = @taskId';
    return readVectors(this.#connection.all(sql, { taskId }));
  }
}
