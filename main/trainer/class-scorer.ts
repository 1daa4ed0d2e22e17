import { accuracyOf, balancedAccuracyOf, countConfusion } from '@genba/shared/model/confusion';
import type { Objective, Task } from '@genba/shared/model/task';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import type { Scorer } from './scorer.ts';

/**
 * Judges logits: the largest names the class.
 * Numerics: softmax cross-entropy accumulated in float64 from float32 logits, the largest logit taken out before exp. It
 * is not weighted by class, so that losses of all plants mean the same.
 */
export class ClassScorer implements Scorer {
  readonly #labels: Uint16Array;
  readonly #judged: Uint16Array;
  readonly #classes: number;
  readonly #isBalanced: boolean;
  #loss = 0;

  constructor(
    { classes }: Task,
    { labels }: ExampleSet,
    { classWeights }: Extract<Objective, { kind: 'classification' }>,
  ) {
    this.#labels = labels;
    this.#judged = new Uint16Array(labels.length);
    this.#classes = classes.length;
    // Who weighs classes has rare ones: plain accuracy would praise a model that never finds them.
    this.#isBalanced = classWeights !== 'equal';
  }

  add(place: number, logits: ArrayLike<number>): number {
    let best = 0;
    for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - logits[best]!);
    this.#judged[place] = best;
    const loss = Math.log(sum) - (logits[this.#labels[place]!]! - logits[best]!);
    this.#loss += loss;
    return loss;
  }

  result(): EvaluationResult {
    const examples = this.#labels.length;
    const confusion = countConfusion(this.#labels, this.#judged, this.#classes);
    const accuracy = accuracyOf(confusion);
    const balancedAccuracy = balancedAccuracyOf(confusion);
    return {
      examples,
      loss: examples === 0 ? null : this.#loss / examples,
      score: this.#isBalanced ? balancedAccuracy : accuracy,
      scoreKind: this.#isBalanced ? 'balanced-accuracy' : 'accuracy',
      accuracy,
      balancedAccuracy,
      confusion,
      regression: null,
      outcomes:
        examples === 0
          ? null
          : {
              rule: this.#isBalanced ? 'mean-of-classes' : 'mean',
              merits: Float64Array.from(this.#labels, (label, place) =>
                Number(label === this.#judged[place]),
              ),
              labels: this.#labels,
              judged: this.#judged,
            },
    };
  }
}
