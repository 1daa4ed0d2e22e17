import { ERROR_CODES } from '@genba/shared/errors/catalogue';
import { z } from 'zod';
import type { UpdateRecord } from './catalogue.ts';
import type { ClientOfTask, ExchangeTable, FileRefusal } from './exchange-table.ts';
import { readUpdate, UPDATE_COLUMNS } from './rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const refusalRow = z.strictObject({
  taskId: z.string(),
  clientId: z.string(),
  updateId: z.string(),
  code: z.enum(ERROR_CODES),
  detail: z.string().nullable(),
  refusedAt: z.string(),
});

/** What is remembered about devices that send files, in the file of the catalogue. */
export class SqliteExchange implements ExchangeTable {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async keepRefusal(refusal: FileRefusal): Promise<void> {
    const sql = `INSERT OR REPLACE INTO file_refusals (task_id, client_id, update_id, code, detail, refused_at)
                 VALUES (@taskId, @clientId, @updateId, @code, @detail, @refusedAt)`;
    return this.#connection.transact(() => void this.#connection.change(sql, { ...refusal }));
  }

  async refusal({ taskId, clientId }: ClientOfTask): Promise<FileRefusal | null> {
    const sql = `SELECT task_id AS taskId, client_id AS clientId, update_id AS updateId, code, detail,
                        refused_at AS refusedAt
                 FROM file_refusals
                 WHERE task_id = @taskId AND client_id = @clientId
                   AND NOT EXISTS (SELECT 1 FROM updates WHERE updates.id = update_id)`;
    return this.#connection.read(() => {
      const row = this.#connection.get(sql, { taskId, clientId });
      return row === undefined ? null : refusalRow.parse(row);
    });
  }

  async isAnswered(requestId: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM answered_requests WHERE id = @requestId';
    return this.#connection.read(() => this.#connection.get(sql, { requestId }) !== undefined);
  }

  async keepAnswered(request: ClientOfTask & { requestId: string; answeredAt: string }): Promise<void> {
    const sql = `INSERT OR IGNORE INTO answered_requests (id, task_id, client_id, answered_at)
                 VALUES (@requestId, @taskId, @clientId, @answeredAt)`;
    return this.#connection.transact(() => void this.#connection.change(sql, { ...request }));
  }

  async newestUpdate({ taskId, clientId }: ClientOfTask): Promise<UpdateRecord | null> {
    const sql = `SELECT ${UPDATE_COLUMNS} FROM updates WHERE task_id = @taskId AND client_id = @clientId
                 ORDER BY received_at DESC, sequence DESC LIMIT 1`;
    return this.#connection.read(() => {
      const row = this.#connection.get(sql, { taskId, clientId });
      return row === undefined ? null : readUpdate(row);
    });
  }
}
