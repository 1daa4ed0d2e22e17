/**
 * Share of all pairs of a good and a bad example in which the bad one has the larger error; equal ones count half.
 *
 * Equation: AUROC = U / (n m), U of Mann and Whitney (Hanley and McNeil, Radiology 143, 1982).
 * @param good ascending
 * @param bad ascending
 * @returns 0 to 1; null where one of them is empty
 */
export function areaUnderCurve(good: Float64Array, bad: Float64Array): number | null {
  if (good.length === 0 || bad.length === 0) return null;
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const error of bad) {
    while (below < good.length && good[below]! < error) below += 1;
    while (notAbove < good.length && good[notAbove]! <= error) notAbove += 1;
    wins += (below + notAbove) / 2;
  }
  return wins / (good.length * bad.length);
}
