import { AppError } from '@genba/shared/errors/app-error';
import { ERROR_CODES, type ErrorCode } from '@genba/shared/errors/catalogue';
import { z } from 'zod';
import type { Aftermath, ClientProgress, Issue, Release, TaskState, UpdateRecord } from './catalogue.ts';
import { Evictor } from './evictor.ts';
import type {
  AnyRequest,
  ExchangeCommand,
  NewOperatorRequest,
  OperatorCommand,
  OperatorRequest,
  OperatorResult,
  OperatorTable,
  RequestEnd,
} from './operator-table.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './retention-policy.ts';
import { readDigest, readUpdate, UPDATE_COLUMNS } from './rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { StateWriter } from './state-writer.ts';

const commandSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('release'), updateId: z.string() }),
  z.strictObject({ kind: z.literal('drop'), updateId: z.string() }),
  z.strictObject({ kind: z.literal('rollback'), version: z.int().min(0) }),
  z.strictObject({ kind: z.literal('import'), file: z.string() }),
  z.strictObject({ kind: z.literal('reissue'), clientId: z.string(), baseId: z.string() }),
]);

const resultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('release'), updateId: z.string() }),
  z.strictObject({ kind: z.literal('drop'), updateId: z.string() }),
  z.strictObject({
    kind: z.literal('rollback'),
    fromVersion: z.int(),
    toVersion: z.int(),
    newVersion: z.int(),
    clients: z.int(),
  }),
  z.strictObject({
    kind: z.literal('import'),
    taskId: z.string(),
    clientId: z.string(),
    plantName: z.string(),
    hasEnrolled: z.boolean(),
    updateId: z.string().nullable(),
    updateState: z.enum(['received', 'applied', 'refused', 'quarantined']).nullable(),
    refusal: z.enum(ERROR_CODES).nullable(),
    isKnown: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('reissue'), baseId: z.string() }),
  z.strictObject({ kind: z.literal('failed'), code: z.enum(ERROR_CODES), detail: z.string().nullable() }),
]);

const requestRow = z.strictObject({
  sequence: z.int(),
  id: z.string(),
  task_id: z.string(),
  command: z.string(),
  requested_at: z.string(),
  requested_by: z.string(),
  state: z.enum(['waiting', 'done', 'failed', 'withdrawn']),
  result: z.string().nullable(),
  finished_at: z.string().nullable(),
});

/** Operators' requests in the file of the catalogue. */
export class SqliteOperators implements OperatorTable {
  readonly #connection: SqliteConnection;
  readonly #writer: StateWriter;

  constructor(connection: SqliteConnection, policy: RetentionPolicy = DEFAULT_RETENTION) {
    this.#connection = connection;
    this.#writer = new StateWriter(connection, new Evictor(connection, policy));
  }

  async ask({ command, ...request }: NewOperatorRequest<OperatorCommand | ExchangeCommand>): Promise<void> {
    return this.#connection.transact(() => {
      const { taskId } = request;
      if (this.#connection.get('SELECT 1 FROM tasks WHERE id = @taskId', { taskId }) === undefined)
        throw new AppError('operation/unknown-task', { detail: taskId });
      this.#connection.change(
        `INSERT INTO operator_requests (id, task_id, command, requested_at, requested_by, state)
         VALUES (@requestId, @taskId, @command, @requestedAt, @requestedBy, 'waiting')`,
        { ...request, command: JSON.stringify(command) },
      );
    });
  }

  async find(requestId: string): Promise<AnyRequest | null> {
    const sql = 'SELECT * FROM operator_requests WHERE id = @requestId';
    return this.#connection.read(() => {
      const row = this.#connection.get(sql, { requestId });
      return row === undefined ? null : readRequest(row);
    });
  }

  async waiting(): Promise<AnyRequest[]> {
    const sql = "SELECT * FROM operator_requests WHERE state = 'waiting' ORDER BY sequence";
    return this.#connection.read(() => this.#connection.all(sql, {}).map(readRequest));
  }

  async withdraw(end: RequestEnd): Promise<boolean> {
    return this.#connection.transact(() => this.#end(end, 'withdrawn', null));
  }

  async finish({ result, ...end }: RequestEnd & { result: OperatorResult }): Promise<boolean> {
    return this.#connection.transact(() => this.#end(end, 'done', result));
  }

  async fail({
    code,
    detail,
    ...end
  }: RequestEnd & { code: ErrorCode; detail: string | null }): Promise<boolean> {
    return this.#connection.transact(() => this.#end(end, 'failed', { kind: 'failed', code, detail }));
  }

  async release({ updateId, ...end }: RequestEnd & { updateId: string }): Promise<UpdateRecord | null> {
    return this.#connection.transact(() => {
      const values = { updateId, releasedAt: end.finishedAt };
      // Behind all that wait: so a replay takes the same order.
      const sql = `UPDATE updates SET state = 'received', released_at = @releasedAt,
                     sequence = (SELECT max(sequence) + 1 FROM updates)
                   WHERE id = @updateId AND state = 'quarantined'`;
      if (!this.#waits(end) || this.#connection.change(sql, values) !== 1) return null;
      this.#end(end, 'done', { kind: 'release', updateId });
      const select = `SELECT ${UPDATE_COLUMNS} FROM updates WHERE id = @updateId`;
      return readUpdate(this.#connection.get(select, { updateId }));
    });
  }

  async drop({
    updateId,
    code,
    state,
    issue,
    ...end
  }: RequestEnd & {
    updateId: string;
    code: ErrorCode;
    state: TaskState;
    issue: Issue | null;
  }): Promise<Aftermath | null> {
    return this.#connection.transact(() => {
      const sql = `UPDATE updates SET state = 'refused', refusal = @code
                   WHERE id = @updateId AND state = 'quarantined' RETURNING digest`;
      if (!this.#waits(end)) return null;
      const digest = readDigest(this.#connection.get(sql, { updateId, code }));
      if (digest === null) return null;
      const replaced = issue === null ? [] : this.#writer.issue(issue, state);
      this.#end(end, 'done', { kind: 'drop', updateId });
      return { obsoleteDigests: [digest, ...replaced], releasedClients: [] };
    });
  }

  async rollBack(
    back: RequestEnd & {
      taskId: string;
      toVersion: number;
      state: TaskState;
      client: ClientProgress;
      release: Release;
    },
  ): Promise<Aftermath | null> {
    return this.#connection.transact(() => {
      const { taskId, toVersion, state, client, release, ...end } = back;
      const waits = "SELECT 1 FROM updates WHERE task_id = @taskId AND state = 'received'";
      if (!this.#waits(end) || this.#connection.get(waits, { taskId }) !== undefined) return null;
      // It may have been evicted since it was looked up.
      if (this.#keptDigest(taskId, toVersion) === null) {
        throw new AppError('operation/version-not-kept', { detail: `version ${toVersion} of ${taskId}` });
      }
      const restarted = this.#writer.restart({ taskId, state, client, release, at: end.finishedAt });
      this.#end(end, 'done', {
        kind: 'rollback',
        fromVersion: state.globalVersion - 1,
        toVersion,
        newVersion: state.globalVersion,
        clients: restarted.releasedClients.length,
      });
      return restarted;
    });
  }

  async keptVersion(taskId: string, version: number): Promise<string | null> {
    return this.#connection.read(() => this.#keptDigest(taskId, version));
  }

  #keptDigest(taskId: string, version: number): string | null {
    const sql =
      'SELECT digest FROM versions WHERE task_id = @taskId AND version = @version AND evicted_at IS NULL';
    return readDigest(this.#connection.get(sql, { taskId, version }));
  }

  #waits({ requestId }: RequestEnd): boolean {
    const sql = "SELECT 1 FROM operator_requests WHERE id = @requestId AND state = 'waiting'";
    return this.#connection.get(sql, { requestId }) !== undefined;
  }

  #end(end: RequestEnd, state: OperatorRequest['state'], result: OperatorResult | null): boolean {
    const values = { ...end, state, result: result === null ? null : JSON.stringify(result) };
    const sql = `UPDATE operator_requests SET state = @state, result = @result, finished_at = @finishedAt
                 WHERE id = @requestId AND state = 'waiting'`;
    return this.#connection.change(sql, values) === 1;
  }
}

function readRequest(row: unknown): AnyRequest {
  const request = requestRow.parse(row);
  // The compiler does not see that a command of either union makes a request of either.
  return {
    requestId: request.id,
    taskId: request.task_id,
    command: commandSchema.parse(JSON.parse(request.command)),
    requestedAt: request.requested_at,
    requestedBy: request.requested_by,
    state: request.state,
    result: request.result === null ? null : resultSchema.parse(JSON.parse(request.result)),
    finishedAt: request.finished_at,
  } as AnyRequest;
}
