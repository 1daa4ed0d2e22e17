import { z } from 'zod';
import { SECURITY_MODES } from '../identity/wire-types.ts';

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Where the aggregator answers that it is up. */
export const HEALTH_PATH = '/health';

/** Where the aggregator tells how its tasks stand, on this computer only. */
export const STATUS_PATH = '/status';

/** Begins the address of every file of the app's own updates. */
export const UPDATES_PATH = '/updates/';

/** Answer of {@link HEALTH_PATH}. */
export const healthSchema = z.strictObject({
  status: z.literal('ok'),
  version: z.string(),
  protocol: z.int().min(1),
  security: z.enum(SECURITY_MODES),
  /** Ids of the tasks served; told on this computer only. */
  tasks: z.array(z.string()).optional(),
});
export type Health = z.output<typeof healthSchema>;

const clientStatus = z.strictObject({
  clientId: z.string(),
  plantName: z.string(),
  connected: z.boolean(),
  /** Global version of the base last issued to this client; null before its first. */
  baseVersion: count.nullable(),
  updatesApplied: count,
  /** Local rounds behind the applied updates. */
  rounds: count,
  /** Of its last applied update, in versions. */
  lastStaleness: count.nullable(),
  /** When it last connected, reported or installed. */
  lastSeenAt: z.iso.datetime(),
  /** Its program, name and version; null where it was not heard of since that is written down. */
  app: z.string().nullable(),
  /** What the task needs and that program does not know: it is refused until it is updated. */
  lacks: z.array(z.string()),
});

const taskStatus = z.strictObject({
  taskId: z.string(),
  name: z.strictObject({ en: z.string(), ja: z.string() }),
  globalVersion: count,
  /** Names the file of the global weights: `weights/<first two characters>/<digest>`, float32, little-endian. */
  globalWeightsDigest: sha256,
  counts: z.strictObject({
    /** Updates journaled ever, merged or not. */
    received: count,
    applied: count,
    /** Refused since the aggregator started; a refused update leaves no trace in the data folder. */
    refused: count,
    /** Journaled, but set aside for good; or not merged since the start for a reason that may pass: tried again then. */
    failed: count,
    /** In quarantine: waiting for an operator. */
    quarantined: count,
  }),
  /** Versions whose weights are kept, the current one included. */
  keptVersions: count,
  /** Clients whose start weights or reference were let go of to stay within the limit; see `store`. */
  evictedClients: count,
  clients: z.array(clientStatus),
});
export type TaskStatus = z.output<typeof taskStatus>;

/** Answer of {@link STATUS_PATH}. */
export const aggregatorStatusSchema = z.strictObject({
  version: z.string(),
  security: z.literal('open-loopback'),
  /** How full the weight store is; over its limit only while all it holds is needed. */
  store: z.strictObject({
    weightsBytes: count,
    /** null: no limit. */
    maxWeightsBytes: count.nullable(),
  }),
  tasks: z.array(taskStatus),
});
export type AggregatorStatus = z.output<typeof aggregatorStatusSchema>;
