import type { Objective } from '@genba/shared/model/task';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import type { Scorer } from './scorer.ts';

/**
 * Judges one scaled number.
 *
 * Equations, e the errors, y the targets: R² = 1 − Σ e² / Σ (y − ȳ)²; mean absolute and root mean squared error in the
 * unit of the target.
 * Numerics: accumulated in float64. R² is null where all targets are equal.
 */
export class RegressionScorer implements Scorer {
  readonly #targets: Float32Array;
  /** Of one scaled unit, in the unit of the target. */
  readonly #unit: number;
  /** Squared error of each example, scaled. */
  readonly #squaredErrors: Float64Array;
  #squares = 0;
  #absolutes = 0;

  constructor({ targets }: ExampleSet, { range }: Extract<Objective, { kind: 'regression' }>) {
    this.#targets = targets ?? new Float32Array(0);
    this.#squaredErrors = new Float64Array(this.#targets.length);
    this.#unit = (range[1] - range[0]) / 2;
  }

  add(place: number, outputs: ArrayLike<number>): number {
    const error = outputs[0]! - this.#targets[place]!;
    this.#squaredErrors[place] = error ** 2;
    this.#squares += error ** 2;
    this.#absolutes += Math.abs(error);
    return error ** 2;
  }

  result(): EvaluationResult {
    const examples = this.#targets.length;
    const isEmpty = examples === 0;
    let sum = 0;
    for (const target of this.#targets) sum += target;
    const mean = sum / examples;
    let spread = 0;
    for (const target of this.#targets) spread += (target - mean) ** 2;
    return {
      examples,
      loss: isEmpty ? null : this.#squares / examples,
      score: isEmpty || spread === 0 ? null : 1 - this.#squares / spread,
      scoreKind: 'r-squared',
      accuracy: null,
      balancedAccuracy: null,
      confusion: null,
      regression: isEmpty
        ? null
        : {
            meanAbsoluteError: (this.#absolutes / examples) * this.#unit,
            rootMeanSquaredError: Math.sqrt(this.#squares / examples) * this.#unit,
          },
      outcomes: isEmpty
        ? null
        : {
            rule: 'mean',
            // R² as a mean: 1 − n e² / Σ (y − ȳ)² of each.
            merits: this.#squaredErrors.map((square) =>
              spread === 0 ? -square : 1 - (examples * square) / spread,
            ),
            labels: new Uint16Array(examples),
            judged: null,
          },
    };
  }
}
