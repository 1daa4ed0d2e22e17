import { inputWidth } from '@genba/shared/model/layers';
import { quantile } from '@genba/shared/model/quantile';
import type { Objective, Task } from '@genba/shared/model/task';
import { batchValues } from './batches.ts';
import { accuracyOf, balancedAccuracyOf, countConfusion } from './confusion.ts';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import { placements } from './placements.ts';
import { reconstructionError } from './reconstruction-error.ts';
import type { Scorer } from './scorer.ts';

/** Class that is learnt; the other is what it is to be told from. */
const GOOD = 0;

/**
 * Judges reconstructions: the worse one is, the less its example is like those that were learnt.
 *
 * Equations: error e = (1/d) Σ (z − x)² over the d inputs; the threshold is the quantile 1 − `falseAlarmShare` of the good
 * examples' errors; an example above it is judged bad.
 */
export class AnomalyScorer implements Scorer {
  readonly #set: ExampleSet;
  readonly #width: number;
  readonly #falseAlarmShare: number;
  readonly #errors: Float64Array;

  constructor(
    { input }: Task,
    set: ExampleSet,
    { falseAlarmShare }: Extract<Objective, { kind: 'anomaly' }>,
  ) {
    this.#set = set;
    this.#width = inputWidth(input);
    this.#falseAlarmShare = falseAlarmShare;
    this.#errors = new Float64Array(set.labels.length);
  }

  add(place: number, outputs: ArrayLike<number>): number {
    const inputs = batchValues(this.#set, Uint32Array.of(place), this.#width);
    const error = reconstructionError(outputs, inputs);
    this.#errors[place] = error;
    return error;
  }

  result(): EvaluationResult {
    const { labels } = this.#set;
    const good = this.#errors.filter((_, place) => labels[place] === GOOD).sort();
    const bad = this.#errors.filter((_, place) => labels[place] !== GOOD).sort();
    const threshold = quantile(good, 1 - this.#falseAlarmShare);
    const judged = Uint16Array.from(this.#errors, (error) =>
      threshold !== null && error > threshold ? 1 : 0,
    );
    const confusion = countConfusion(labels, judged, 2);
    let sum = 0;
    for (const error of good) sum += error;
    const score = areaUnderCurve(good, bad);
    return {
      examples: labels.length,
      // Of the good ones only: bad ones are meant to be reconstructed badly.
      loss: good.length === 0 ? null : sum / good.length,
      score,
      scoreKind: 'auroc',
      accuracy: accuracyOf(confusion),
      balancedAccuracy: balancedAccuracyOf(confusion),
      confusion,
      regression: null,
      threshold,
      outcomes:
        labels.length === 0
          ? null
          : {
              rule: score === null ? 'mean' : 'two-samples',
              merits:
                score === null ? this.#negatedErrors() : placements(this.#errors, labels, { good, bad }),
              labels,
              judged,
            },
    };
  }

  /** Bad ones are meant to be reconstructed badly: they tell nothing by themselves. */
  #negatedErrors(): Float64Array {
    return this.#errors.map((error, place) => (this.#set.labels[place] === GOOD ? -error : 0));
  }
}

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
