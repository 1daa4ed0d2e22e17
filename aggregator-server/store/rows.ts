import { WEIGHTS_USES } from '@genba/shared/protocol/messages';
import { z } from 'zod';
import type {
  BaseRecord,
  ClientProgram,
  ClientRecord,
  ClientSummary,
  Scalars,
  UpdateRecord,
  VectorDigests,
} from './catalogue.ts';

// Rows are input too: a database may be edited or damaged, so each one is proved when it is read.

const taskStateRow = z.strictObject({
  global_version: z.int(),
  settings: z.string().nullable(),
  scalars: z.string(),
});

const taskVersionRow = z.strictObject({ task_id: z.string(), global_version: z.int() });

const vectorRow = z.strictObject({ name: z.string(), digest: z.string() });
const clientVectorRow = vectorRow.extend({ evicted_at: z.string().nullable() });
const scalars = z.record(z.string(), z.number());

const calibration = z.array(z.strictObject({ group: z.string(), coefficient: z.number() }));

const baseRow = z.strictObject({
  id: z.string(),
  task_id: z.string(),
  client_id: z.string(),
  version: z.int(),
  weights_digest: z.string(),
  use: z.enum(WEIGHTS_USES),
  update_id: z.string().nullable(),
  staleness: z.int().nullable(),
  mixing_weight: z.number().nullable(),
  calibration: z.string(),
  issued_at: z.string(),
  installed_at: z.string().nullable(),
  evicted_at: z.string().nullable(),
});

const metrics = z.strictObject({ loss: z.number().nullable(), validationAccuracy: z.number().nullable() });

/** Columns of {@link readUpdate}. */
export const UPDATE_COLUMNS =
  'id, sequence, task_id, client_id, base_id, rounds, examples, metrics, digest, state, received_at, released_at';

const updateRow = z.strictObject({
  id: z.string(),
  sequence: z.int(),
  task_id: z.string(),
  client_id: z.string(),
  base_id: z.string(),
  rounds: z.int(),
  examples: z.int(),
  metrics: z.string(),
  digest: z.string(),
  state: z.enum(['received', 'applied', 'refused', 'quarantined']),
  received_at: z.string(),
  released_at: z.string().nullable(),
});

const clientRow = z.strictObject({
  task_id: z.string(),
  client_id: z.string(),
  plant_name: z.string(),
  last_seen_at: z.string(),
  base_id: z.string().nullable(),
  is_held: z.int().min(0).max(1),
  scalars: z.string(),
  app: z.string().nullable(),
  lacks: z.string().nullable(),
});

const clientSummaryRow = z.strictObject({
  client_id: z.string(),
  plant_name: z.string(),
  last_seen_at: z.string(),
  base_version: z.int().nullable(),
  updates_applied: z.int(),
  rounds: z.int(),
  last_staleness: z.int().nullable(),
  app: z.string().nullable(),
  lacks: z.string().nullable(),
});

const lackedNames = z.array(z.string());

const countsRow = z.strictObject({
  received: z.int(),
  applied: z.int(),
  setAside: z.int(),
  quarantined: z.int(),
});
const countRow = z.strictObject({ count: z.int() });
const clientIdRow = z.strictObject({ client_id: z.string() });
const seenFileRow = z.strictObject({ digest: z.string(), last_seen_at: z.string() });
const digestRow = z.strictObject({ digest: z.string() });

/** Proves a row of `task_state`; its vectors are rows of their own. */
export function readTaskRow(row: unknown): {
  globalVersion: number;
  settings: string | null;
  scalars: Scalars;
} {
  const task = taskStateRow.parse(row);
  return {
    globalVersion: task.global_version,
    settings: task.settings,
    scalars: scalars.parse(JSON.parse(task.scalars)),
  };
}

/** Proves a row that says where a task stands. */
export function readTaskVersion(row: unknown): { taskId: string; globalVersion: number } {
  const { task_id, global_version } = taskVersionRow.parse(row);
  return { taskId: task_id, globalVersion: global_version };
}

/** Proves rows of names and digests. */
export function readVectors(rows: readonly unknown[]): VectorDigests {
  return Object.fromEntries(
    rows.map((row) => {
      const { name, digest } = vectorRow.parse(row);
      return [name, digest];
    }),
  );
}

/** Proves rows of a client's vectors, those that were let go apart. */
export function readClientVectors(rows: readonly unknown[]): {
  vectors: VectorDigests;
  evicted: readonly string[];
} {
  const proved = rows.map((row) => clientVectorRow.parse(row));
  const kept = proved.filter(({ evicted_at }) => evicted_at === null);
  return {
    vectors: Object.fromEntries(kept.map(({ name, digest }) => [name, digest])),
    evicted: proved.filter((row) => !kept.includes(row)).map(({ name }) => name),
  };
}

/** Proves a row of `bases`. */
export function readBase(row: unknown): BaseRecord {
  const base = baseRow.parse(row);
  return {
    baseId: base.id,
    taskId: base.task_id,
    clientId: base.client_id,
    version: base.version,
    weightsDigest: base.weights_digest,
    use: base.use,
    updateId: base.update_id,
    staleness: base.staleness,
    mixingWeight: base.mixing_weight,
    calibration: calibration.parse(JSON.parse(base.calibration)),
    issuedAt: base.issued_at,
    installedAt: base.installed_at,
  };
}

/** Whether the file of a row of `bases` was let go before it was installed. */
export function isEvictedBase(row: unknown): boolean {
  const { evicted_at, installed_at } = baseRow.parse(row);
  return evicted_at !== null && installed_at === null;
}

/** Proves a row of `updates` read with {@link UPDATE_COLUMNS}. */
export function readUpdate(row: unknown): UpdateRecord {
  const update = updateRow.parse(row);
  return {
    updateId: update.id,
    sequence: update.sequence,
    taskId: update.task_id,
    clientId: update.client_id,
    baseId: update.base_id,
    rounds: update.rounds,
    examples: update.examples,
    metrics: metrics.parse(JSON.parse(update.metrics)),
    digest: update.digest,
    state: update.state,
    receivedAt: update.received_at,
    releasedAt: update.released_at,
  };
}

/** Proves a row of `clients`; its base and its vectors are rows of their own. */
export function readClient(
  row: unknown,
): Omit<ClientRecord, 'base' | 'vectors' | 'evicted' | 'isBaseEvicted'> & { readonly baseId: string | null } {
  const client = clientRow.parse(row);
  return {
    taskId: client.task_id,
    clientId: client.client_id,
    plantName: client.plant_name,
    lastSeenAt: client.last_seen_at,
    program: readProgram(client),
    baseId: client.base_id,
    isHeld: client.is_held === 1,
    scalars: scalars.parse(JSON.parse(client.scalars)),
  };
}

/** Proves a row of the summary of clients. */
export function readClientSummary(row: unknown): ClientSummary {
  const client = clientSummaryRow.parse(row);
  return {
    clientId: client.client_id,
    plantName: client.plant_name,
    lastSeenAt: client.last_seen_at,
    baseVersion: client.base_version,
    updatesApplied: client.updates_applied,
    rounds: client.rounds,
    lastStaleness: client.last_staleness,
    program: readProgram(client),
  };
}

/** Proves what is written of a client's program. */
export function readProgram({
  app,
  lacks,
}: {
  app: string | null;
  lacks: string | null;
}): ClientProgram | null {
  return app === null || lacks === null ? null : { app, lacks: lackedNames.parse(JSON.parse(lacks)) };
}

/** Proves a row of counts of updates. */
export function readCounts(row: unknown): z.output<typeof countsRow> {
  return countsRow.parse(row);
}

/** Proves a row with one count. */
export function readCount(row: unknown): number {
  return countRow.parse(row).count;
}

/** Proves a row that names a client. */
export function readClientId(row: unknown): string {
  return clientIdRow.parse(row).client_id;
}

/** Proves a row that names a file and when its last reader was heard of. */
export function readSeenFile(row: unknown): { digest: string; lastSeenAt: string } {
  const { digest, last_seen_at } = seenFileRow.parse(row);
  return { digest, lastSeenAt: last_seen_at };
}

/** Proves a row with a digest; null when there is no row. */
export function readDigest(row: unknown): string | null {
  return row === undefined ? null : digestRow.parse(row).digest;
}
