import { areaUnderCurve } from '@genba/shared/model/area-under-curve';
import { accuracyOf, balancedAccuracyOf, countConfusion } from '@genba/shared/model/confusion';
import { inputWidth } from '@genba/shared/model/layers';
import { quantile } from '@genba/shared/model/quantile';
import { reconstructionError } from '@genba/shared/model/reconstruction-error';
import type { Objective, Task } from '@genba/shared/model/task';
import { batchValues } from './batches.ts';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import { placements } from './placements.ts';
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
