/**
 * Deals examples out to plants with a skew of labels that can be set: each plant draws how it prefers the classes from
 * a symmetric Dirichlet distribution. α near 0 leaves each plant few classes, a large α gives all the same mix.
 *
 * Hsu, Qi, Brown, *Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification*,
 * arXiv 1909.06335.
 *
 * @param labels class of each example
 * @param counts examples of each plant; together at most as many as there are
 * @param random uniform numbers in [0, 1)
 * @returns positions of each plant's examples; none is given twice
 * @throws RangeError when there are too few examples
 */
export function dirichletPartition(
  labels: ArrayLike<number>,
  counts: readonly number[],
  { alpha, random }: { readonly alpha: number; readonly random: () => number },
): number[][] {
  const wanted = counts.reduce((sum, count) => sum + count, 0);
  if (wanted > labels.length) throw new RangeError(`${wanted} examples wanted of ${labels.length}`);
  const left = positionsByClass(labels, random);
  return counts.map((count) => {
    const preference = drawDirichlet(left.length, alpha, random);
    return Array.from({ length: count }, () => drawPosition(left, preference, random));
  });
}

function positionsByClass(labels: ArrayLike<number>, random: () => number): number[][] {
  const byClass: number[][] = [];
  for (let position = 0; position < labels.length; position++) {
    const label = labels[position]!;
    byClass[label] ??= [];
    const positions = byClass[label];
    // Inside-out shuffle (Fisher and Yates).
    const other = Math.floor(random() * (positions.length + 1));
    positions.push(positions[other] ?? position);
    positions[other] = position;
  }
  return Array.from(byClass, (positions) => positions ?? []);
}

/** A class that is used up is left out of the draw; where only unloved ones are left, any of them serves. */
function drawPosition(
  left: readonly number[][],
  preference: readonly number[],
  random: () => number,
): number {
  const shares = preference.map((share, label) => (left[label]!.length > 0 ? share : 0));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let threshold = random() * total;
  let chosen = left.findIndex((positions) => positions.length > 0);
  for (const [label, share] of shares.entries()) {
    if (share === 0) continue;
    chosen = label;
    threshold -= share;
    if (threshold < 0) break;
  }
  return left[chosen]!.pop()!;
}

/** Equation: gammas of shape α, divided by their sum. */
function drawDirichlet(length: number, alpha: number, random: () => number): number[] {
  // Logarithms: with a small α most gammas are too small for a float64.
  const logs = Array.from({ length }, () => drawLogGamma(alpha, random));
  const highest = Math.max(...logs);
  const values = logs.map((log) => Math.exp(log - highest));
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}

/**
 * The logarithm of a Gamma(α, 1) number: Marsaglia and Tsang, *A Simple Method for Generating Gamma Variables*, ACM TOMS
 * 26(3), 2000; for α < 1 by their G(α) = G(α + 1) U^(1/α).
 */
function drawLogGamma(alpha: number, random: () => number): number {
  if (alpha < 1) return drawLogGamma(alpha + 1, random) + Math.log(1 - random()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const cube = (1 + c * normal) ** 3;
    if (cube <= 0) continue;
    const isTaken = Math.log(1 - random()) < normal ** 2 / 2 + d - d * cube + d * Math.log(cube);
    if (isTaken) return Math.log(d * cube);
  }
}
