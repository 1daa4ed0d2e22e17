import type { Outcomes } from '../../trainer/messages.ts';

/** How much better one model is than another on the same examples. */
export interface PairedDifference {
  /** Score of the first less that of the second. */
  readonly difference: number;
  /** Of that difference, over other examples of the same kind. */
  readonly standardError: number;
}

/**
 * Compares two models example by example.
 *
 * Equations, d the differences of merits of n examples in k classes, n_c of class c: under `mean` d̄ and √(s² / n); under
 * `mean-of-classes` (1/k) Σ d̄_c and √(Σ s_c² / n_c) / k; under `two-samples` d̄ of either class and √(Σ s_c² / n_c)
 * (DeLong). For right and wrong the first is the statistic of McNemar, in one direction: examples that both judge alike
 * add nothing, so a few hundred tell models apart whose scores by themselves would each be uncertain by several points.
 * Numerics: float64; s² over n − 1, and 0 for a class of one example.
 * @throws RangeError where they were not judged on the same examples
 */
export function pairedDifference(one: Outcomes, other: Outcomes): PairedDifference {
  if (one.rule !== other.rule || one.merits.length !== other.merits.length) {
    throw new RangeError(`outcomes of ${one.merits.length} and ${other.merits.length} examples`);
  }
  const differences = one.merits.map((merit, place) => merit - other.merits[place]!);
  if (one.rule === 'mean') {
    const { mean, variance, count } = momentsOf([...differences]);
    return { difference: mean, standardError: Math.sqrt(variance / count) };
  }
  const classes = [...Map.groupBy(differences.entries(), ([place]) => one.labels[place]!).values()].map(
    (entries) => momentsOf(entries.map(([, difference]) => difference)),
  );
  const variance = classes.reduce((sum, own) => sum + own.variance / own.count, 0);
  if (one.rule === 'two-samples') {
    return { difference: classes[0]!.mean, standardError: Math.sqrt(variance) };
  }
  const mean = classes.reduce((sum, own) => sum + own.mean, 0) / classes.length;
  return { difference: mean, standardError: Math.sqrt(variance) / classes.length };
}

function momentsOf(values: readonly number[]): { mean: number; variance: number; count: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: count < 2 ? 0 : squares / (count - 1), count };
}
