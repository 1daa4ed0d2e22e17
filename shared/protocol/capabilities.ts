/** Names of what a client can do, as `hello` lists them. */

/** Calibrates by itself: takes weights for any use of `WEIGHTS_USES`. */
export const CAN_CALIBRATE = 'calibrate';

/**
 * Not an ability but a wish, of the connection doctor: be let in or refused as always, and leave no trace. The
 * connection ends with the answer; a session of the same client goes on, and nothing is written down.
 */
export const EXAMINE = 'examine';
