import type { CheckMetric } from '@genba/shared/federation/screening/check-metric';
import { areaUnderCurve } from '@genba/shared/model/area-under-curve';
import { accuracyOf, balancedAccuracyOf, countConfusion } from '@genba/shared/model/confusion';
import { inputWidth } from '@genba/shared/model/layers';
import { reconstructionError } from '@genba/shared/model/reconstruction-error';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { type CheckSet, inputsOf } from './check-set.ts';

/** Class that anomaly tasks learn; the other is what it is to be told from. */
const GOOD = 0;

/** Takes a model's outputs for a check set, example by example, and says how good they are. */
export interface CheckScorer {
  add(place: number, outputs: ArrayLike<number>): void;
  /** As its metric says, 0 to 1; 0 where an output that counts is no number. */
  score(): number;
}

/** What a task's model is judged by on a check set. */
export function metricOf(task: Task, { labels }: CheckSet): CheckMetric {
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification':
      return objective.classWeights === 'equal' ? 'accuracy' : 'balanced-accuracy';
    case 'regression':
      return 'r-squared';
    case 'anomaly':
      return labels.some((label) => label !== GOOD) ? 'separation' : 'reconstruction';
  }
}

/** A scorer for one judgement of a model. */
export function createCheckScorer(task: Task, set: CheckSet): CheckScorer {
  const metric = metricOf(task, set);
  switch (metric) {
    case 'accuracy':
    case 'balanced-accuracy':
      return new ClassCheck(
        set,
        task.classes.length,
        metric === 'accuracy' ? accuracyOf : balancedAccuracyOf,
      );
    case 'r-squared':
      return new NumberCheck(set);
    case 'separation':
      return new SeparationCheck(set, inputWidth(task.input));
    case 'reconstruction':
      return new ReconstructionCheck(set, inputWidth(task.input));
  }
}

/**
 * The largest logit names the class. One that is not a number is never the largest, and where none is a number nothing is
 * right: a model that is broken has the accuracy it deserves.
 */
class ClassCheck implements CheckScorer {
  readonly #set: CheckSet;
  readonly #classes: number;
  readonly #judged: Uint16Array;
  readonly #rate: typeof accuracyOf;

  constructor(set: CheckSet, classes: number, rate: typeof accuracyOf) {
    this.#set = set;
    this.#classes = classes;
    this.#judged = new Uint16Array(set.labels.length);
    this.#rate = rate;
  }

  add(place: number, logits: ArrayLike<number>): void {
    // One beyond the classes stands for none of them.
    let best = this.#classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < logits.length; index++) {
      if (logits[index]! > largest) {
        largest = logits[index]!;
        best = index;
      }
    }
    this.#judged[place] = best;
  }

  score(): number {
    return this.#rate(countConfusion(this.#set.labels, this.#judged, this.#classes + 1))!;
  }
}

/** Equation: max(0, 1 − Σ (z − y)² / Σ (y − ȳ)²), y the targets; in float64. */
class NumberCheck implements CheckScorer {
  readonly #targets: ArrayLike<number>;
  #squares = 0;

  constructor({ labels }: CheckSet) {
    this.#targets = labels;
  }

  add(place: number, outputs: ArrayLike<number>): void {
    this.#squares += (outputs[0]! - this.#targets[place]!) ** 2;
  }

  score(): number {
    return explained(this.#squares, spreadOf(this.#targets, 1));
  }
}

/** Equation: max(0, 2 AUROC − 1) of the reconstruction errors; see {@link areaUnderCurve}. */
class SeparationCheck implements CheckScorer {
  readonly #set: CheckSet;
  readonly #width: number;
  readonly #errors: Float64Array;

  constructor(set: CheckSet, width: number) {
    this.#set = set;
    this.#width = width;
    this.#errors = new Float64Array(set.labels.length);
  }

  add(place: number, outputs: ArrayLike<number>): void {
    this.#errors[place] = reconstructionError(outputs, inputsOf(this.#set, place, 1, this.#width));
  }

  score(): number {
    if (!this.#errors.every((error) => Number.isFinite(error))) return 0;
    const { labels } = this.#set;
    const good = this.#errors.filter((_, place) => labels[place] === GOOD).sort();
    const bad = this.#errors.filter((_, place) => labels[place] !== GOOD).sort();
    return Math.max(0, 2 * areaUnderCurve(good, bad)! - 1);
  }
}

/** Equation: max(0, 1 − Σ (z − x)² / Σ (x − x̄)²) over all inputs x, x̄ the mean of each input; in float64. */
class ReconstructionCheck implements CheckScorer {
  readonly #set: CheckSet;
  readonly #width: number;
  #squares = 0;

  constructor(set: CheckSet, width: number) {
    this.#set = set;
    this.#width = width;
  }

  add(place: number, outputs: ArrayLike<number>): void {
    const inputs = inputsOf(this.#set, place, 1, this.#width);
    this.#squares += this.#width * reconstructionError(outputs, inputs);
  }

  score(): number {
    const inputs = inputsOf(this.#set, 0, this.#set.labels.length, this.#width);
    return explained(this.#squares, spreadOf(inputs, this.#width));
  }
}

/** Share of a spread above 0 that a model explains; 0 where it explains none, or its errors are no numbers. */
function explained(squares: number, spread: number): number {
  const share = 1 - squares / spread;
  return share > 0 ? share : 0;
}

/** Sum of squares of all values about the mean of their column. Shapes: rows of `width` values, row after row. */
export function spreadOf(values: ArrayLike<number>, width: number): number {
  const means = new Float64Array(width);
  const rows = values.length / width;
  for (let index = 0; index < values.length; index++) means[index % width]! += values[index]! / rows;
  let spread = 0;
  for (let index = 0; index < values.length; index++) spread += (values[index]! - means[index % width]!) ** 2;
  return spread;
}
