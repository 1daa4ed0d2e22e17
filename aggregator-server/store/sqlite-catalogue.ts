import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import {
  type Aftermath,
  type Application,
  type BaseRecord,
  type Catalogue,
  type ClientProgram,
  type ClientProgress,
  type ClientRecord,
  type EvictedFiles,
  FOREIGN_CHANGE_MS,
  type Issue,
  type NewUpdate,
  type OfferedRecords,
  type OfferKey,
  type Release,
  type StoredTask,
  type TaskState,
  type TaskSummary,
  type UpdateRecord,
} from './catalogue.ts';
import { Evictor } from './evictor.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './retention-policy.ts';
import {
  isEvictedBase,
  readBase,
  readClient,
  readClientSummary,
  readCount,
  readCounts,
  readDigest,
  readUpdate,
  UPDATE_COLUMNS,
} from './rows.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { recordNorms } from './sqlite-screening.ts';
import { StateWriter } from './state-writer.ts';
import {
  CLIENT_SUMMARIES,
  HEAR_CLIENT,
  INSERT_UPDATE,
  IS_REFERENCED,
  MARK_APPLIED,
  MARK_REFUSED,
  SEE_CLIENT,
} from './statements.ts';

/** The catalogue in one SQLite file. */
export class SqliteCatalogue implements Catalogue {
  readonly #connection: SqliteConnection;
  readonly #evictor: Evictor;
  readonly #writer: StateWriter;

  constructor(connection: SqliteConnection, policy: RetentionPolicy = DEFAULT_RETENTION) {
    this.#connection = connection;
    this.#evictor = new Evictor(connection, policy);
    this.#writer = new StateWriter(connection, this.#evictor);
  }

  /** @throws AppError `store/newer-database`, `store/damaged`, `server/storage` */
  static open(path: string): SqliteCatalogue {
    return new SqliteCatalogue(SqliteConnection.open(path));
  }

  async findTask(taskId: string, manifestDigest: string): Promise<StoredTask | null> {
    return this.#connection.read(() => {
      const sql = 'SELECT manifest_digest AS digest FROM tasks WHERE id = @taskId';
      const stored = readDigest(this.#connection.get(sql, { taskId }));
      if (stored === null) return null;
      if (stored !== manifestDigest) throw new AppError('task/changed', { detail: taskId });
      return this.#writer.task(taskId);
    });
  }

  async createTask(task: {
    taskId: string;
    manifestDigest: string;
    settings: string;
    state: TaskState;
    createdAt: string;
  }): Promise<void> {
    return this.#connection.transact(() => {
      const { state, settings, ...row } = task;
      const { taskId, createdAt } = row;
      this.#connection.change('INSERT INTO tasks VALUES (@taskId, @manifestDigest, @createdAt)', row);
      const values = { taskId, settings, globalVersion: state.globalVersion };
      const sql = `INSERT INTO task_state (task_id, global_version, settings) VALUES (@taskId, @globalVersion, @settings)`;
      this.#connection.change(sql, values);
      this.#writer.moveTask(taskId, state, createdAt);
    });
  }

  async changeSettings(change: {
    taskId: string;
    settings: string;
    taskVectors: readonly string[];
    clientVectors: readonly string[];
  }): Promise<readonly string[]> {
    return this.#connection.transact(() => {
      const { taskId, settings, taskVectors, clientVectors } = change;
      const sql = 'UPDATE task_state SET settings = @settings WHERE task_id = @taskId';
      this.#connection.change(sql, { taskId, settings });
      return [
        ...this.#writer.keepOnly('task_vectors', taskId, taskVectors),
        ...this.#writer.keepOnly('client_vectors', taskId, clientVectors),
      ];
    });
  }

  async changeStrategy(change: {
    taskId: string;
    settings: string;
    state: TaskState;
    client: ClientProgress;
    release: Release;
    changedAt: string;
  }): Promise<Aftermath> {
    return this.#connection.transact(() => {
      const { taskId, settings, state, client, release, changedAt } = change;
      const sql = 'UPDATE task_state SET settings = @settings WHERE task_id = @taskId';
      this.#connection.change(sql, { taskId, settings });
      return this.#writer.restart({ taskId, state, client, release, at: changedAt });
    });
  }

  async countClients(taskId: string): Promise<number> {
    const sql = 'SELECT count(*) AS count FROM clients WHERE task_id = @taskId AND base_id IS NOT NULL';
    return this.#connection.read(() => readCount(this.#connection.get(sql, { taskId })));
  }

  async seeClient(client: {
    taskId: string;
    clientId: string;
    plantName: string;
    seenAt: string;
    program?: ClientProgram;
  }): Promise<ClientRecord> {
    return this.#connection.transact(() => {
      const { program, ...row } = client;
      const lacks = program === undefined ? null : JSON.stringify(program.lacks);
      this.#connection.change(SEE_CLIENT, { ...row, app: program?.app ?? null, lacks });
      return this.#client(client.taskId, client.clientId)!;
    });
  }

  async findClient(taskId: string, clientId: string): Promise<ClientRecord | null> {
    return this.#connection.read(() => this.#client(taskId, clientId));
  }

  async findUpdate(updateId: string): Promise<UpdateRecord | null> {
    return this.#connection.read(() => this.#update(updateId));
  }

  async findBase(baseId: string): Promise<BaseRecord | null> {
    return this.#connection.read(() => this.#base(baseId));
  }

  async findOffered({ updateId, taskId, clientId, baseId }: OfferKey): Promise<OfferedRecords> {
    return this.#connection.read(() => ({
      known: this.#update(updateId),
      client: this.#client(taskId, clientId),
      isBaseSpent: this.#isSpent(baseId),
    }));
  }

  async journalUpdate(update: NewUpdate): Promise<UpdateRecord> {
    return this.#connection.transact(() => {
      const { updateId, taskId, clientId, baseId } = update;
      const known = this.#update(updateId);
      if (known !== null) return requireSame(known, update);
      if (this.#client(taskId, clientId)?.base?.baseId !== baseId || this.#isSpent(baseId)) {
        throw new AppError('update/unknown-base', { detail: `base ${baseId}` });
      }
      this.#connection.change(INSERT_UPDATE, { ...update, metrics: JSON.stringify(update.metrics) });
      this.#connection.change(HEAR_CLIENT, { taskId, clientId, atTime: update.receivedAt });
      return this.#update(updateId)!;
    });
  }

  async pendingUpdates(taskId: string): Promise<UpdateRecord[]> {
    const sql = `SELECT ${UPDATE_COLUMNS} FROM updates WHERE task_id = @taskId AND state = 'received' ORDER BY sequence`;
    return this.#connection.read(() => this.#connection.all(sql, { taskId }).map(readUpdate));
  }

  async applyUpdate(application: Application): Promise<Aftermath> {
    return this.#connection.transact(() => {
      const { updateId, state, client, reply, figures, release, norms, appliedAt } = application;
      const update = this.#update(updateId)!;
      const { digest, taskId, clientId, baseId } = update;
      const { staleness, mixingWeight, effect } = figures;
      const { globalVersion } = state;
      const calibration = JSON.stringify(figures.calibration);
      const values = { updateId, appliedAt, staleness, mixingWeight, calibration, effect, globalVersion };
      // Two writers of one task would be a bug; better to stop than to count an update twice.
      if (this.#client(taskId, clientId)?.base?.baseId !== baseId) throw notNow(updateId);
      if (this.#connection.change(MARK_APPLIED, values) !== 1) throw notNow(updateId);
      if (norms !== null) {
        const { sequence, rounds } = update;
        recordNorms(this.#connection, { taskId, clientId, sequence, rounds }, norms);
      }
      const moved = this.#writer.moveTask(taskId, state, appliedAt);
      const released =
        release === null
          ? NO_RELEASE
          : this.#writer.release({ taskId, state, release, everyone: false, issuedAt: appliedAt });
      const replaced = this.#writer.sendBase({ taskId, clientId }, client, reply);
      const obsoleteDigests = [...new Set([digest, ...moved, ...released.obsoleteDigests, ...replaced])];
      return { ...released, obsoleteDigests };
    });
  }

  async closeRound(round: {
    taskId: string;
    state: TaskState;
    release: Release;
    closedAt: string;
  }): Promise<Aftermath> {
    return this.#connection.transact(() => {
      const { taskId, state, release, closedAt } = round;
      const moved = this.#writer.moveTask(taskId, state, closedAt);
      const released = this.#writer.release({ taskId, state, release, everyone: false, issuedAt: closedAt });
      return { ...released, obsoleteDigests: [...moved, ...released.obsoleteDigests] };
    });
  }

  async setAside(refusal: {
    updateId: string;
    code: ErrorCode;
    state: TaskState;
    issue: Issue | null;
  }): Promise<Aftermath> {
    return this.#connection.transact(() => {
      const { updateId, code, state, issue } = refusal;
      const { digest } = this.#update(updateId)!;
      if (this.#connection.change(MARK_REFUSED, { updateId, code }) !== 1) throw notNow(updateId);
      const replaced = issue === null ? [] : this.#writer.issue(issue, state);
      return { ...NO_RELEASE, obsoleteDigests: [digest, ...replaced] };
    });
  }

  async issueBase({ state, ...issue }: Issue & { readonly state: TaskState }): Promise<Aftermath> {
    return this.#connection.transact(() => ({
      ...NO_RELEASE,
      obsoleteDigests: this.#writer.issue(issue, state),
    }));
  }

  async markInstalled(base: {
    baseId: string;
    clientId: string;
    installedAt: string;
  }): Promise<readonly string[] | null> {
    return this.#connection.transact(() => {
      const { baseId, clientId, installedAt } = base;
      const current = 'SELECT 1 FROM clients WHERE client_id = @clientId AND base_id = @baseId';
      if (this.#connection.get(current, { clientId, baseId }) === undefined) return null;
      const { taskId, weightsDigest, installedAt: before } = this.#base(baseId)!;
      this.#connection.change(HEAR_CLIENT, { taskId, clientId, atTime: installedAt });
      if (before !== null) return [];
      const sql = 'UPDATE bases SET installed_at = @installedAt WHERE id = @baseId';
      this.#connection.change(sql, { baseId, installedAt });
      return [weightsDigest];
    });
  }

  async retireVersions({ atTime }: { atTime: string }): Promise<readonly string[]> {
    return this.#connection.transact(() =>
      this.#writer
        .tasks()
        .flatMap(({ taskId, globalVersion }) => this.#evictor.retire(taskId, globalVersion, atTime)),
    );
  }

  async evictOldestVersions({
    count,
    atTime,
  }: {
    count: number;
    atTime: string;
  }): Promise<readonly string[]> {
    return this.#connection.transact(() => this.#evictor.oldestVersions(count, atTime));
  }

  async evictFilesOfClients({ count, atTime }: { count: number; atTime: string }): Promise<EvictedFiles> {
    return this.#connection.transact(() => this.#evictor.filesOfClients(count, atTime));
  }

  async evictDamaged(damage: {
    taskId: string;
    clientId: string;
    names: readonly string[];
    atTime: string;
  }): Promise<readonly string[]> {
    return this.#connection.transact(() => this.#evictor.damagedVectors(damage));
  }

  async restoreStartWeights(of: { clientId: string; baseId: string }): Promise<boolean> {
    return this.#connection.transact(() => this.#evictor.restoreStartWeights(of));
  }

  async unreferenced(digests: readonly string[]): Promise<string[]> {
    return this.#connection.read(() =>
      digests.filter((digest) => this.#connection.get(IS_REFERENCED, { digest }) === undefined),
    );
  }

  async summarise(taskId: string): Promise<TaskSummary> {
    const counts = `SELECT count(*) AS received, coalesce(sum(state = 'applied'), 0) AS applied,
                    coalesce(sum(state = 'refused'), 0) AS setAside,
                    coalesce(sum(state = 'quarantined'), 0) AS quarantined FROM updates WHERE task_id = @taskId`;
    return this.#connection.read(() => ({
      ...readCounts(this.#connection.get(counts, { taskId })),
      ...this.#evictor.counts(taskId),
      clients: this.#connection.all(CLIENT_SUMMARIES, { taskId }).map(readClientSummary),
    }));
  }

  onForeignChange(listener: () => void): () => void {
    return this.#connection.watchForeignChanges(listener, FOREIGN_CHANGE_MS);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #client(taskId: string, clientId: string): ClientRecord | null {
    const sql = 'SELECT * FROM clients WHERE task_id = @taskId AND client_id = @clientId';
    const row = this.#connection.get(sql, { taskId, clientId });
    if (row === undefined) return null;
    const { baseId, ...client } = readClient(row);
    const { vectors, evicted } = this.#writer.clientVectors({ taskId, clientId });
    const kept = { ...client, vectors, evicted };
    if (baseId === null) return { ...kept, base: null, isBaseEvicted: false };
    const base = this.#connection.get(FIND_BASE, { baseId });
    return { ...kept, base: readBase(base), isBaseEvicted: isEvictedBase(base) };
  }

  #base(baseId: string): BaseRecord | null {
    const row = this.#connection.get(FIND_BASE, { baseId });
    return row === undefined ? null : readBase(row);
  }

  #update(updateId: string): UpdateRecord | null {
    const sql = `SELECT ${UPDATE_COLUMNS} FROM updates WHERE id = @updateId`;
    const row = this.#connection.get(sql, { updateId });
    return row === undefined ? null : readUpdate(row);
  }

  #isSpent(baseId: string): boolean {
    return this.#connection.get('SELECT 1 FROM updates WHERE base_id = @baseId', { baseId }) !== undefined;
  }
}

const FIND_BASE = 'SELECT * FROM bases WHERE id = @baseId';
const NO_RELEASE: Aftermath = { obsoleteDigests: [], releasedClients: [] };

function notNow(updateId: string): Error {
  return new Error(`update ${updateId} cannot be applied now`);
}

/** @throws AppError `update/id-conflict` unless it is the very same update */
function requireSame(known: UpdateRecord, update: NewUpdate): UpdateRecord {
  const isSame =
    known.taskId === update.taskId && known.clientId === update.clientId && known.digest === update.digest;
  if (!isSame) throw new AppError('update/id-conflict', { detail: `update ${update.updateId}` });
  return known;
}
