import { inputWidth } from '@genba/shared/model/layers';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import {
  losses,
  mean,
  Reduction,
  reshape,
  type Scalar,
  squaredDifference,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { batchColumn, batchTargets } from './batches.ts';
import type { ExampleSet } from './messages.ts';

/** What a model is trained for, batch by batch. */
export interface BatchObjective {
  /** What the outputs of some examples are compared with, beside their inputs. The caller disposes. */
  readonly targets: (picked: Uint32Array) => Tensor[];
  /** The mean loss of a batch, given what the model puts out for it; of nothing else. */
  readonly loss: (outputs: Tensor, inputs: Tensor, targets: readonly Tensor[]) => Scalar;
}

/**
 * What a task's model minimises on a set.
 *
 * Equations, z the outputs, n the examples of the batch, w_c the weight of class c:
 * - class: softmax cross-entropy on logits, L = −(1/n) Σ w_y log softmax(z)_y; exact in float32, no division;
 * - number: mean squared error of the scaled target, L = (1/n) Σ (z − y)²;
 * - anomaly: mean squared error of the reconstruction over the d inputs, L = (1/nd) Σ (z − x)².
 */
export function batchObjective(task: Task, set: ExampleSet): BatchObjective {
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification': {
      const weights = classWeights(task, set);
      if (weights === null) {
        return {
          targets: (picked) => [batchTargets(task, set, picked)],
          loss: (outputs, _inputs, [classes]) => losses.softmaxCrossEntropy(classes!, outputs),
        };
      }
      const weightsOf = (picked: Uint32Array) =>
        tensor1d(Float32Array.from(picked, (place) => weights[set.labels[place]!]!));
      return {
        targets: (picked) => [batchTargets(task, set, picked), weightsOf(picked)],
        // Not divided by the weights of the batch: a batch that has the rare class counts for more.
        loss: (outputs, _inputs, [classes, ofExamples]) =>
          mean(losses.softmaxCrossEntropy(classes!, outputs, ofExamples, 0, Reduction.NONE)),
      };
    }
    case 'regression':
      return {
        targets: (picked) => [batchColumn(picked, (place) => set.targets![place]!)],
        loss: (outputs, _inputs, [numbers]) => mean(squaredDifference(outputs, numbers!)),
      };
    case 'anomaly': {
      const width = inputWidth(task.input);
      return {
        targets: () => [],
        loss: (outputs, inputs) =>
          mean(squaredDifference(outputs, reshape(inputs, [inputs.shape[0]!, width]))),
      };
    }
  }
}

/**
 * The places of a set that are trained on: of anomalies only the good ones, of others all.
 * @returns places in ascending order
 */
export function learntPlaces(task: Task, { labels }: ExampleSet): Uint32Array {
  const all = Uint32Array.from(labels, (_, place) => place);
  return objectiveOf(task).kind === 'anomaly' ? all.filter((place) => labels[place] === 0) : all;
}

/**
 * What an example of each class counts; null where all count alike.
 *
 * Equation: balanced, w_c = n / (k n_c) for the k classes that the set has (King and Zeng, *Logistic Regression in Rare
 * Events Data*, Political Analysis 9(2), 2001). Given weights are scaled to a mean of one over the set.
 */
export function classWeights(task: Task, { labels }: ExampleSet): Float64Array | null {
  const objective = objectiveOf(task);
  if (objective.kind !== 'classification' || objective.classWeights === 'equal') return null;
  const counts = new Float64Array(task.classes.length);
  for (const label of labels) counts[label]! += 1;
  const present = counts.filter((count) => count > 0).length;
  if (objective.classWeights === 'balanced') {
    return counts.map((count) => (count === 0 ? 0 : labels.length / (present * count)));
  }
  const given = objective.classWeights;
  const total = counts.reduce((sum, count, label) => sum + count * given[label]!, 0);
  // A plant that has only classes of weight 0 learns nothing.
  return counts.map((_, label) => (total === 0 ? 0 : (given[label]! * labels.length) / total));
}
