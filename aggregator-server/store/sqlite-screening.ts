import { type Finding, findingSchema } from '@genba/shared/federation/screening/finding';
import { z } from 'zod';
import type { NormEntry } from './catalogue.ts';
import type { StoredHistory } from './norm-history.ts';
import { OWN_HISTORY, type QuarantinedUpdate, type ScreeningTable, TASK_HISTORY } from './screening-table.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const historyRow = z.strictObject({ history: z.string() });

const quarantinedRow = z.strictObject({
  id: z.string(),
  task_id: z.string(),
  client_id: z.string(),
  plant_name: z.string(),
  rounds: z.int(),
  examples: z.int(),
  received_at: z.string(),
  quarantined_at: z.string(),
  finding: z.string(),
});

const folderRow = z.strictObject({ folder: z.string() });

const QUARANTINED = `
  SELECT u.id, u.task_id, u.client_id, c.plant_name, u.rounds, u.examples, u.received_at, u.quarantined_at, u.finding
  FROM updates u JOIN clients c ON c.task_id = u.task_id AND c.client_id = u.client_id
  WHERE u.state = 'quarantined'`;

const HISTORY = 'SELECT * FROM update_norms WHERE task_id = @taskId AND training = @training';
/** Put together as text: the norms are JSON already, and parsing all of them to write them again takes most of the time. */
const RECORDS = `SELECT '[' || coalesce(
  group_concat('{"rounds":' || rounds || ',"norms":' || norms || '}', ',' ORDER BY sequence), '') || ']'`;

/** As `readHistory` reads it. */
const NORM_HISTORY = `
  SELECT '{"own":' || (${RECORDS} FROM (${HISTORY} AND client_id = @clientId ORDER BY sequence DESC LIMIT ${OWN_HISTORY}))
    || ',"task":' || (${RECORDS} FROM (${HISTORY} ORDER BY sequence DESC LIMIT ${TASK_HISTORY})) || '}' AS history`;

/** What screening keeps, in the file of the catalogue. */
export class SqliteScreening implements ScreeningTable {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async normHistory(of: { taskId: string; clientId: string; training: string }): Promise<StoredHistory> {
    return this.#connection.read(() => historyRow.parse(this.#connection.get(NORM_HISTORY, of)).history);
  }

  async quarantine(found: { updateId: string; finding: Finding; quarantinedAt: string }): Promise<void> {
    return this.#connection.transact(() => {
      const values = { ...found, finding: JSON.stringify(found.finding) };
      const sql = `UPDATE updates SET state = 'quarantined', finding = @finding, quarantined_at = @quarantinedAt
                   WHERE id = @updateId AND state = 'received'`;
      if (this.#connection.change(sql, values) !== 1)
        throw new Error(`update ${found.updateId} cannot be put into quarantine now`);
    });
  }

  async quarantined(taskId: string | null): Promise<QuarantinedUpdate[]> {
    const sql = `${QUARANTINED} AND (@taskId IS NULL OR u.task_id = @taskId) ORDER BY u.sequence`;
    return this.#connection.read(() => this.#connection.all(sql, { taskId }).map(readQuarantined));
  }

  async heldUpdate(client: { taskId: string; clientId: string }): Promise<QuarantinedUpdate | null> {
    const sql = `${QUARANTINED} AND c.task_id = @taskId AND c.client_id = @clientId AND u.base_id = c.base_id`;
    return this.#connection.read(() => {
      const row = this.#connection.get(sql, { ...client });
      return row === undefined ? null : readQuarantined(row);
    });
  }

  async keepCheckSet(taskId: string, folder: string | null): Promise<void> {
    return this.#connection.transact(() => {
      if (folder === null)
        this.#connection.change('DELETE FROM check_sets WHERE task_id = @taskId', { taskId });
      else {
        const sql = `INSERT INTO check_sets VALUES (@taskId, @folder)
                     ON CONFLICT DO UPDATE SET folder = excluded.folder`;
        this.#connection.change(sql, { taskId, folder });
      }
    });
  }

  async checkSet(taskId: string): Promise<string | null> {
    return this.#connection.read(() => {
      const row = this.#connection.get('SELECT folder FROM check_sets WHERE task_id = @taskId', { taskId });
      return row === undefined ? null : folderRow.parse(row).folder;
    });
  }
}

/** Writes down the norms of an update that is being applied, and forgets the oldest; a part of that transaction. */
export function recordNorms(
  connection: SqliteConnection,
  update: { taskId: string; clientId: string; sequence: number; rounds: number },
  { training, norms: values }: NormEntry,
): void {
  const { taskId, clientId } = update;
  connection.change(
    `INSERT INTO update_norms (task_id, sequence, client_id, rounds, training, norms)
     VALUES (@taskId, @sequence, @clientId, @rounds, @training, @norms)`,
    { ...update, training, norms: JSON.stringify(values) },
  );
  // Of this client: what neither its own history nor the task's reaches any more.
  connection.change(
    `DELETE FROM update_norms WHERE task_id = @taskId AND client_id = @clientId
       AND sequence <= (SELECT sequence FROM update_norms WHERE task_id = @taskId AND client_id = @clientId
                        ORDER BY sequence DESC LIMIT 1 OFFSET ${OWN_HISTORY})
       AND sequence <= (SELECT sequence FROM update_norms WHERE task_id = @taskId
                        ORDER BY sequence DESC LIMIT 1 OFFSET ${TASK_HISTORY})`,
    { taskId, clientId },
  );
  // Of any other: what has just fallen out of the task's history and is not in its client's.
  connection.change(
    `DELETE FROM update_norms WHERE task_id = @taskId AND sequence =
       (SELECT sequence FROM update_norms o WHERE o.task_id = @taskId
        ORDER BY o.sequence DESC LIMIT 1 OFFSET ${TASK_HISTORY})
       AND ${OWN_HISTORY} <= (SELECT count(*) FROM update_norms n WHERE n.task_id = update_norms.task_id
                              AND n.client_id = update_norms.client_id AND n.sequence > update_norms.sequence)`,
    { taskId },
  );
}

function readQuarantined(row: unknown): QuarantinedUpdate {
  const update = quarantinedRow.parse(row);
  return {
    updateId: update.id,
    taskId: update.task_id,
    clientId: update.client_id,
    plantName: update.plant_name,
    rounds: update.rounds,
    examples: update.examples,
    receivedAt: update.received_at,
    quarantinedAt: update.quarantined_at,
    finding: findingSchema.parse(JSON.parse(update.finding)),
  };
}
