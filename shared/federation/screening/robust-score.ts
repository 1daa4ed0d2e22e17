/** The 75 % quantile of the standard normal distribution: makes MAD estimate a standard deviation. */
const NORMAL_QUARTILE = 0.6745;

/**
 * Smallest spread that is believed, as a share of the median: a robust standard deviation is never taken for less than
 * the median itself. Plants that run like clockwork have a MAD near zero, and the first round after others reported
 * moves a model several times further than the ones before it: with 0.15 such an honest update, four times the usual,
 * got a score of 6.5 (`e2e/kill`). So a limit of 6 means at least seven times the usual.
 */
export const LEAST_RELATIVE_SPREAD = NORMAL_QUARTILE;

/** Where a value lies in its history. */
export interface Placement {
  /** Robust z-score; positive where the value is above the usual. */
  readonly score: number;
  /** Median of the history. */
  readonly usual: number;
}

/**
 * How far a value lies from its history, in robust standard deviations.
 *
 * Equation: z = 0.6745 (x − m) / max(MAD, r m), m = median of the history, MAD = median of |h_i − m| (Iglewicz and
 * Hoaglin, *How to Detect and Handle Outliers*, ASQC 1993, with the guard r = `LEAST_RELATIVE_SPREAD`). Up to half of
 * the history may be anything and m stays where the other half is: a bad client cannot move it alone.
 * Units and ranges: values ≥ 0, the history not empty; a history of zeros only gives 0 for 0 and the largest number above.
 * @throws RangeError on an empty history
 */
export function placeIn(history: readonly number[], value: number): Placement {
  const usual = median(history);
  const spread = Math.max(
    median(history.map((each) => Math.abs(each - usual))),
    LEAST_RELATIVE_SPREAD * usual,
  );
  const distance = NORMAL_QUARTILE * (value - usual);
  // Finite, because it is written down as JSON.
  return { usual, score: distance === 0 ? 0 : Math.min(distance / spread, Number.MAX_VALUE) };
}

/** The middle value; the mean of the two middle ones of an even number. @throws RangeError on no values */
function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
