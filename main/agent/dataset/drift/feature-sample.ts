import { seededRandom } from '@genba/shared/model/random';

/** Most numbers that a sample keeps, over all features: two megabytes. */
const MAX_VALUES = 500_000;
const MAX_ROWS = 2_000;
const MIN_ROWS = 100;

/** What is kept of examples to compare them with others by: some of them, and figures over all. Plain data. */
export interface FeatureSample {
  /** Examples seen. */
  count: number;
  /** Of each class. */
  readonly classes: number[];
  /** `[row][feature]`, a random choice of all examples seen (reservoir sampling, algorithm R, Vitter 1985). */
  readonly rows: Float32Array[];
  /** Examples that the figures below are over, in the order they came; each value less `shift`. */
  added: number;
  readonly shift: number[];
  readonly sum: number[];
  readonly squares: number[];
  readonly lagged: number[];
  readonly last: number[];
}

/** A sample of nothing yet. */
export function emptySample(classCount: number): FeatureSample {
  const classes = new Array<number>(classCount).fill(0);
  return { count: 0, classes, rows: [], added: 0, shift: [], sum: [], squares: [], lagged: [], last: [] };
}

/** Takes an example up, after those before. Mutates `sample`. */
export function addExample(sample: FeatureSample, features: Float32Array, label: number): void {
  if (sample.added === 0) sample.shift.push(...features);
  for (const [index, feature] of features.entries()) {
    const value = feature - sample.shift[index]!;
    sample.sum[index] = (sample.sum[index] ?? 0) + value;
    sample.squares[index] = (sample.squares[index] ?? 0) + value * value;
    sample.lagged[index] = (sample.lagged[index] ?? 0) + (sample.last[index] ?? 0) * value;
    sample.last[index] = value;
  }
  sample.added += 1;
  sample.classes[label]! += 1;
  keepRow(sample, features);
}

function keepRow(sample: FeatureSample, features: Float32Array): void {
  const most = Math.min(MAX_ROWS, Math.max(MIN_ROWS, Math.floor(MAX_VALUES / features.length)));
  sample.count += 1;
  if (sample.rows.length < most) sample.rows.push(features);
  else {
    const place = Math.floor(seededRandom(sample.count)() * sample.count);
    if (place < most) sample.rows[place] = features;
  }
}

/**
 * Takes all of `other` up, as far as it is kept. Mutates `sample`. How much examples resemble the one before stays as it
 * was: the step from one sample to the other would look like resemblance.
 */
export function addSample(sample: FeatureSample, other: FeatureSample): void {
  const seen = sample.count + other.count;
  for (const row of other.rows) keepRow(sample, row);
  sample.count = seen;
  for (const [label, count] of other.classes.entries()) sample.classes[label]! += count;
}

/**
 * Share of examples that would say as much about a feature if each stood for itself: rows of a logger resemble the row
 * before.
 * Equation: (1 − ρ) / (1 + ρ), ρ the correlation of each value with the one before (Bayley and Hammersley,
 * J. R. Stat. Soc. Suppl. 8, 1946). Ranges: 0 to 1. Numerics: float64 around the first value; ρ of a constant is 0, and a
 * negative one counts as 0.
 */
export function independentShare({ sum, squares, lagged, added }: FeatureSample, feature: number): number {
  if (added < 3) return 1;
  const mean = sum[feature]! / added;
  const variance = squares[feature]! / added - mean * mean;
  if (variance <= 0) return 1;
  const correlation = (lagged[feature]! / (added - 1) - mean * mean) / variance;
  const bounded = Math.min(1, Math.max(0, correlation));
  return (1 - bounded) / (1 + bounded);
}
