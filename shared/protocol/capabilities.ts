/** Names of what a client can do, as `hello` lists them. */

/** Calibrates by itself: takes weights for any use of `WEIGHTS_USES`. */
export const CAN_CALIBRATE = 'calibrate';
