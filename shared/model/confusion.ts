/** `[class][judged as]`, examples. */
export type Confusion = readonly (readonly number[])[];

/** Counts judgements. Shapes: both of one length, values below `classes`. */
export function countConfusion(
  labels: ArrayLike<number>,
  judged: ArrayLike<number>,
  classes: number,
): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let place = 0; place < labels.length; place++) counts[labels[place]!]![judged[place]!]! += 1;
  return counts;
}

/** Share judged right, 0 to 1; null for an empty set. */
export function accuracyOf(confusion: Confusion): number | null {
  let right = 0;
  let all = 0;
  for (const [label, row] of confusion.entries()) {
    right += row[label]!;
    for (const count of row) all += count;
  }
  return all === 0 ? null : right / all;
}

/**
 * Equation: the mean of the recalls, (1/k) Σ C_cc / Σ_j C_cj over the k classes that occur (Brodersen et al., *The
 * Balanced Accuracy and Its Posterior Distribution*, ICPR 2010).
 * @returns 0 to 1; null for an empty set
 */
export function balancedAccuracyOf(confusion: Confusion): number | null {
  const recalls = confusion.flatMap((row, label) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return all === 0 ? [] : [row[label]! / all];
  });
  return recalls.length === 0 ? null : recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}
