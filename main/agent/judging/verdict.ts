import type { Verdict } from '@genba/shared/local-api/judging';
import { objectiveOf, type Task } from '@genba/shared/model/task';

/**
 * What a model's values for one example mean.
 * @param values shares of all classes, or one number, as the trainer's `predict` gives them
 * @param threshold of an anomaly's score; null where none is known
 * @returns null where a value is not finite
 */
export function verdictOf(task: Task, values: Float32Array, threshold: number | null): Verdict | null {
  if (!values.every(Number.isFinite)) return null;
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification': {
      const best = values.indexOf(Math.max(...values));
      return { kind: 'class', className: task.classes[best]!, certainty: Math.min(1, values[best]!) };
    }
    case 'regression':
      return { kind: 'number', value: values[0]!, unit: objective.unit };
    case 'anomaly': {
      const score = values[0]!;
      const isUnusual = threshold === null ? null : score > threshold;
      const className = isUnusual === null ? null : task.classes[isUnusual ? 1 : 0]!;
      return { kind: 'anomaly', isUnusual, className, score, threshold };
    }
  }
}

/** The class that a verdict names; null where it names none. */
export function classNameOf(verdict: Verdict | null): string | null {
  return verdict === null || verdict.kind === 'number' ? null : verdict.className;
}
