/** Shares of good parts that may be rejected, as they can be chosen. */
export const REJECTED_SHARES = [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5] as const;

/** What is chosen before anybody has chosen: one good part of a hundred. */
export const USUAL_STEP = REJECTED_SHARES.indexOf(0.01);

/** The step nearest to a share, which another program may have set. @param share 0 to 0.5 */
export function stepOf(share: number): number {
  const distances = REJECTED_SHARES.map((each) => Math.abs(each - share));
  return distances.indexOf(Math.min(...distances));
}

/** A share as so many of a hundred, or of a thousand where of a hundred it is no whole number. */
export function inRound(share: number): { readonly count: number; readonly of: number } {
  const ofHundred = Math.round(share * 100);
  const of = Math.abs(ofHundred - share * 100) < 1e-9 ? 100 : 1000;
  return { count: Math.round(share * of), of };
}
