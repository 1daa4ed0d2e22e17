import { areaUnderCurve } from '@genba/shared/model/area-under-curve';
import { accuracyOf, balancedAccuracyOf, countConfusion } from '@genba/shared/model/confusion';
import { chooseByOthers } from '@genba/shared/model/cross-fit';
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
 * examples' errors; an example above it is judged bad. A threshold is the largest value that some good examples have, so
 * by those alone it would look better than it is: each example is judged by the one that others have chosen
 * ({@link chooseByOthers}).
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
    const judged = this.#judgedByOthers();
    const confusion = judged === null ? null : countConfusion(labels, judged, 2);
    let sum = 0;
    for (const error of good) sum += error;
    const score = areaUnderCurve(good, bad);
    return {
      examples: labels.length,
      // Of the good ones only: bad ones are meant to be reconstructed badly.
      loss: good.length === 0 ? null : sum / good.length,
      score,
      scoreKind: 'auroc',
      accuracy: confusion && accuracyOf(confusion),
      balancedAccuracy: confusion && balancedAccuracyOf(confusion),
      confusion,
      regression: null,
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

  /** null where too few good ones are there for thresholds that are not their own. */
  #judgedByOthers(): Uint16Array | null {
    const { labels, units = null } = this.#set;
    const isGood = Array.from(labels, (label) => label === GOOD);
    const fits = chooseByOthers(isGood, units, (others) => {
      const good = others.filter((place) => isGood[place]);
      const errors = Float64Array.from(good, (place) => this.#errors[place]!).sort();
      return quantile(errors, 1 - this.#falseAlarmShare)!;
    });
    if (fits === null) return null;
    const judged = new Uint16Array(labels.length);
    for (const { places, choice: threshold } of fits) {
      for (const place of places) judged[place] = this.#errors[place]! > threshold ? 1 : 0;
    }
    return judged;
  }

  /** Bad ones are meant to be reconstructed badly: they tell nothing by themselves. */
  #negatedErrors(): Float64Array {
    return this.#errors.map((error, place) => (this.#set.labels[place] === GOOD ? -error : 0));
  }
}
