/** Names of what a client can do, as `hello` lists them. */

/** Calibrates by itself: takes weights for any use of `WEIGHTS_USES`. */
export const CAN_CALIBRATE = 'calibrate';

/** Wants to be told of the global weights after each sync, to compare them with its own; may fetch them or not. */
export const WANTS_GLOBAL = 'global-weights';

/**
 * Not an ability but a wish, of the connection doctor: be let in or refused as always, and leave no trace. The
 * connection ends with the answer; a session of the same client goes on, and nothing is written down.
 */
export const EXAMINE = 'examine';
