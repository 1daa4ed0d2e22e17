import { quantile } from '@genba/shared/model/quantile';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { LabelledPredictions } from '../../trainer/messages.ts';

/** The good class of an anomaly task; the other is what it is to be told from. */
const GOOD = 0;

/**
 * The score above which an example is unusual: at most the task's share of the good validation examples is above it.
 * @returns null where the task finds no anomalies, or no good example was held out
 */
export function anomalyThreshold(task: Task, { labels, values }: LabelledPredictions): number | null {
  const objective = objectiveOf(task);
  if (objective.kind !== 'anomaly') return null;
  const good = Float64Array.from(values.filter((_, place) => labels[place] === GOOD)).sort();
  return quantile(good, 1 - objective.falseAlarmShare);
}
