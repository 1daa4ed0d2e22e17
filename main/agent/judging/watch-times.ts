/** Times of a watch, milliseconds. */
export interface WatchTimes {
  /** How often it is looked; where a look takes long, it is looked more seldom. */
  readonly lookMs: number;
  /** A file that was written so lately may still be on its way. */
  readonly settleMs: number;
  /** One that cannot be opened, or does not fit, is tried again until it is so old. */
  readonly giveUpMs: number;
  /** A CSV file that its writer keeps from being read for so long is told of; it is tried on. */
  readonly busyMs: number;
  /** A file that has become shorter may be being written anew: so long it is waited for the rows that were judged. */
  readonly rewriteMs: number;
  /** A last line without its end counts when its file has stood still for so long: many programs write in blocks. */
  readonly restMs: number;
  /** A look judges for so long; what is left comes with the next, which follows at once. */
  readonly judgeMs: number;
}

export const WATCH_TIMES: WatchTimes = {
  lookMs: 1_000,
  settleMs: 1_000,
  giveUpMs: 30_000,
  busyMs: 5_000,
  rewriteMs: 3_000,
  restMs: 60_000,
  judgeMs: 2_000,
};
