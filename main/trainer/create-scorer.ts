import { objectiveOf, type Task } from '@genba/shared/model/task';
import { AnomalyScorer } from './anomaly-scorer.ts';
import { ClassScorer } from './class-scorer.ts';
import type { ExampleSet } from './messages.ts';
import { RegressionScorer } from './regression-scorer.ts';
import type { Scorer } from './scorer.ts';

/** The scorer for what a task learns. */
export function createScorer(task: Task, set: ExampleSet): Scorer {
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification':
      return new ClassScorer(task, set, objective);
    case 'regression':
      return new RegressionScorer(set, objective);
    case 'anomaly':
      return new AnomalyScorer(task, set, objective);
  }
}
