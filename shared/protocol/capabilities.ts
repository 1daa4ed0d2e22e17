import { z } from 'zod';
import { TASK_FEATURES } from '../model/task-features.ts';

/** How many capabilities a client may name. */
const MAX_CAPABILITIES = 128;

/** Names of what a client can do, as `hello` and exchange files list them. */
export const capabilitiesSchema = z
  .array(z.string().regex(/^[a-z0-9][a-z0-9./-]{0,63}$/))
  .max(MAX_CAPABILITIES);

/** Calibrates by itself: takes weights for any use of `WEIGHTS_USES`. */
export const CAN_CALIBRATE = 'calibrate';

/** Wants to be told of the global weights after each sync, to compare them with its own; may fetch them or not. */
export const WANTS_GLOBAL = 'global-weights';

/**
 * Not an ability but a wish, of the connection doctor: be let in or refused as always, and leave no trace. The
 * connection ends with the answer; a session of the same client goes on, and nothing is written down.
 */
export const EXAMINE = 'examine';

/** What every conversation of an agent names: that it can calibrate by itself, and all that it knows of tasks. */
export const AGENT_CAPABILITIES: readonly string[] = [CAN_CALIBRATE, ...TASK_FEATURES];
