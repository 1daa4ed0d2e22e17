/** Milliseconds of a day. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** How much of the past an aggregator keeps, over all its tasks. The current version of a task is always kept. */
export interface RetentionPolicy {
  /** Newest versions per task whose weights are kept, the current one included; at least 1. */
  readonly keepVersions: number;
  /** A version goes so many days after it was replaced by the next one; null: age does not matter. */
  readonly keepDays: number | null;
  /**
   * Most bytes the weight files may take together; null: as many as are needed. To stay within it the oldest versions
   * go first, then what clients need, those not seen for longest first. Never evicted: the tasks' state and updates
   * that wait, with all that their merge needs.
   */
  readonly maxWeightsBytes: number | null;
}

export const DEFAULT_RETENTION: RetentionPolicy = { keepVersions: 20, keepDays: null, maxWeightsBytes: null };

/** Lets go of nothing: for commands that do not know how the server was told to keep. */
export const KEEP_EVERYTHING: RetentionPolicy = {
  keepVersions: Number.MAX_SAFE_INTEGER,
  keepDays: null,
  maxWeightsBytes: null,
};

/** Versions replaced before this time are too old; null when age does not matter. @returns ISO 8601 */
export function replacedBefore({ keepDays }: RetentionPolicy, atTime: string): string | null {
  return keepDays === null ? null : new Date(Date.parse(atTime) - keepDays * DAY_MS).toISOString();
}
