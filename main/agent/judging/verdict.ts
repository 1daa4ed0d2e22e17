import type { Verdict } from '@genba/shared/local-api/judging';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { badnessOf, type Limit } from './rejection.ts';

/**
 * What a model's values for one example mean.
 * @param values shares of all classes, or one number, as the trainer's `predict` gives them
 * @returns null where a value is not finite
 */
export function verdictOf(task: Task, values: Float32Array, limit: Limit): Verdict | null {
  if (!values.every(Number.isFinite)) return null;
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification':
      return classVerdict(task, values, limit);
    case 'regression':
      return { kind: 'number', value: values[0]!, unit: objective.unit };
    case 'anomaly': {
      const { threshold } = limit;
      const score = values[0]!;
      const isUnusual = threshold === null ? null : score > threshold;
      const className = isUnusual === null ? null : task.classes[isUnusual ? 1 : 0]!;
      return { kind: 'anomaly', isUnusual, className, score, threshold };
    }
  }
}

/** The likeliest class; where a threshold decides about good and bad, the likeliest of those it leaves. */
function classVerdict({ classes }: Task, shares: Float32Array, { isGood, threshold }: Limit): Verdict {
  const likeliest = (isWanted: (place: number) => boolean) =>
    shares.reduce((best, share, place) => {
      return isWanted(place) && (best === -1 || share > shares[best]!) ? place : best;
    }, -1);
  const named = (place: number) => ({
    kind: 'class' as const,
    className: classes[place]!,
    certainty: Math.min(1, shares[place]!),
  });
  if (isGood === null) return { ...named(likeliest(() => true)), isGood: null, score: null, threshold: null };
  const score = badnessOf(shares, isGood);
  if (threshold === null) {
    const best = likeliest(() => true);
    return { ...named(best), isGood: isGood[best]!, score, threshold };
  }
  const passes = score <= threshold;
  return { ...named(likeliest((place) => isGood[place] === passes)), isGood: passes, score, threshold };
}

/** The class that a verdict names; null where it names none. */
export function classNameOf(verdict: Verdict | null): string | null {
  return verdict === null || verdict.kind === 'number' ? null : verdict.className;
}
