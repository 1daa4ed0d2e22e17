import { AppError } from '@genba/shared/errors/app-error';
import type { MeasuredRejection, Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import { chooseByOthers } from '@genba/shared/model/cross-fit';
import { quantile } from '@genba/shared/model/quantile';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { LabelledPredictions } from '../../trainer/messages.ts';

/** What good classes are often called, in lower case. */
const GOOD_NAMES = new Set(['ok', 'good', 'pass', 'normal', '良', '良品', '正常', '合格', '異常なし']);

/** How parts are told apart: which classes are good, and from which score on a part is not. */
export interface Limit {
  /** By the place of each class in the task. null where good and bad are not told apart. */
  readonly isGood: readonly boolean[] | null;
  /** null: the likeliest class counts. */
  readonly threshold: number | null;
}

/** Nothing is told apart. */
export const NO_LIMIT: Limit = { isGood: null, threshold: null };

/** Whether what a wish asks needs the validation part to be judged. */
export function needsMeasuring(task: Task, { rejectGood }: RejectionWish): boolean {
  const { kind } = objectiveOf(task);
  return kind === 'anomaly' || (kind === 'classification' && rejectGood !== null);
}

/**
 * A wish must name classes of the task, and leave one that is not good.
 * @throws AppError `judging/unknown-class`
 */
export function requireClasses({ classes }: Task, { goodClasses }: RejectionWish): void {
  if (goodClasses === null) return;
  const unknown = goodClasses.filter((name) => !classes.includes(name));
  if (unknown.length > 0) throw new AppError('judging/unknown-class', { detail: unknown.join(', ') });
  if (classes.every((name) => goodClasses.includes(name))) {
    throw new AppError('judging/unknown-class', { detail: 'no class is left that is not good' });
  }
}

/**
 * The limit that a wish makes, by what the model says of the validation part: the smallest threshold above which at most
 * `rejectGood` of the good examples are.
 *
 * Shapes: of n examples n labels and n × classes shares, or n reconstruction errors; null where they were not needed.
 */
export function limitOf(task: Task, wish: RejectionWish, predictions: LabelledPredictions | null): Limit {
  const objective = objectiveOf(task);
  if (objective.kind === 'regression') return NO_LIMIT;
  const isGood = goodPlaces(task, wish);
  const share = wish.rejectGood ?? (objective.kind === 'anomaly' ? objective.falseAlarmShare : null);
  if (isGood === null || share === null || predictions === null) return { isGood, threshold: null };
  const { labels } = predictions;
  const good = scoresOf(predictions, isGood)
    .filter((_, place) => isGood[labels[place]!])
    .sort();
  return { isGood, threshold: quantile(good, 1 - share) };
}

/** What a model says of the validation part, and what of that belongs together (`ExampleSet.units`). */
export interface ValidationPredictions extends LabelledPredictions {
  readonly units: readonly number[] | null;
}

/** What a limit does to parts that it was not chosen by, and why there may be none, as people are told. */
export function describeRejection(
  task: Task,
  wish: RejectionWish,
  predictions: ValidationPredictions,
): Rejection {
  const limit = limitOf(task, wish, predictions);
  const goodClasses = limit.isGood === null ? null : task.classes.filter((_, place) => limit.isGood![place]);
  const { classes } = task;
  const measured =
    limit.isGood === null ? null : measure(predictions, limit, { task, wish, isGood: limit.isGood });
  return {
    wish,
    goodClasses,
    classes,
    threshold: limit.threshold,
    reason: reasonOf(task, wish, limit),
    measured,
  };
}

function reasonOf(
  task: Task,
  { rejectGood }: RejectionWish,
  { isGood, threshold }: Limit,
): Rejection['reason'] {
  const { kind } = objectiveOf(task);
  if (kind === 'regression') return 'tells-number';
  if (isGood === null) return 'good-classes-unknown';
  if (threshold !== null) return null;
  return kind === 'classification' && rejectGood === null ? 'not-asked' : 'no-good-examples';
}

/** What a threshold is chosen for. */
interface Choice {
  readonly task: Task;
  readonly wish: RejectionWish;
  readonly isGood: readonly boolean[];
}

/**
 * Counts what a limit does. A threshold is the largest value that some good parts have, so by those parts alone it would
 * look better than it is: each part is judged by a threshold that others have chosen ({@link chooseByOthers}), wherever
 * there are enough.
 */
function measure(
  predictions: ValidationPredictions,
  { threshold }: Limit,
  choice: Choice,
): Rejection['measured'] {
  const { labels, values, units } = predictions;
  if (labels.length === 0) return null;
  const { isGood } = choice;
  const width = values.length / labels.length;
  const all = [...labels.keys()];
  if (threshold === null) {
    // An anomaly without a threshold is not told at all.
    if (width === 1) return null;
    const likeliest = (place: number) => {
      const shares = values.subarray(place * width, (place + 1) * width);
      return !isGood[shares.indexOf(Math.max(...shares))];
    };
    return { ...countJudged(all, labels, isGood, likeliest), isIndependent: true };
  }
  const scores = scoresOf(predictions, isGood);
  const above = (limit: number) => (place: number) => scores[place]! > limit;
  const fits = chooseByOthers(
    all.map((place) => isGood[labels[place]!]!),
    units,
    (others) => limitOf(choice.task, choice.wish, pick(predictions, others)).threshold!,
  );
  if (fits === null) return { ...countJudged(all, labels, isGood, above(threshold)), isIndependent: false };
  const counts = fits.map((fit) => countJudged(fit.places, labels, isGood, above(fit.choice)));
  const sum = (name: keyof Counts) => counts.reduce((total, each) => total + each[name], 0);
  return {
    goodPassed: sum('goodPassed'),
    goodRejected: sum('goodRejected'),
    badFound: sum('badFound'),
    badMissed: sum('badMissed'),
    isIndependent: true,
  };
}

type Counts = Omit<MeasuredRejection, 'isIndependent'>;

function countJudged(
  places: readonly number[],
  labels: Uint16Array,
  isGood: readonly boolean[],
  isRejected: (place: number) => boolean,
): Counts {
  const counts = { goodPassed: 0, goodRejected: 0, badFound: 0, badMissed: 0 };
  for (const place of places) {
    if (isGood[labels[place]!]) counts[isRejected(place) ? 'goodRejected' : 'goodPassed'] += 1;
    else counts[isRejected(place) ? 'badFound' : 'badMissed'] += 1;
  }
  return counts;
}

function pick({ labels, values }: LabelledPredictions, places: readonly number[]): LabelledPredictions {
  const width = values.length / labels.length;
  const picked = new Float32Array(places.length * width);
  for (const [index, place] of places.entries()) {
    picked.set(values.subarray(place * width, (place + 1) * width), index * width);
  }
  return { labels: Uint16Array.from(places, (place) => labels[place]!), values: picked };
}

/** How bad each example looks: the share given to bad classes, or the reconstruction error. */
function scoresOf({ labels, values }: LabelledPredictions, isGood: readonly boolean[]): Float64Array {
  const width = labels.length === 0 ? 0 : values.length / labels.length;
  return Float64Array.from(labels, (_, place) =>
    badnessOf(values.subarray(place * width, (place + 1) * width), isGood),
  );
}

/** How bad one example looks; see {@link limitOf}. */
export function badnessOf(values: Float32Array, isGood: readonly boolean[]): number {
  if (values.length === 1) return values[0]!;
  let sum = 0;
  values.forEach((share, place) => {
    if (!isGood[place]) sum += share;
  });
  return sum;
}

function goodPlaces(task: Task, { goodClasses }: RejectionWish): boolean[] | null {
  if (objectiveOf(task).kind === 'anomaly') return [true, false];
  const isGood = task.classes.map((name) =>
    goodClasses === null ? GOOD_NAMES.has(name.trim().toLowerCase()) : goodClasses.includes(name),
  );
  // Without a good class, or without any other, nothing can be told apart.
  return isGood.includes(true) && isGood.includes(false) ? isGood : null;
}
