import { inputWidth } from '@genba/shared/model/layers';
import { reconstructionError } from '@genba/shared/model/reconstruction-error';
import { unscaleTarget } from '@genba/shared/model/target-scale';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchInputs, batchValues } from './batches.ts';
import type { ExampleSet, PredictionInputs } from './messages.ts';
import { modelOutputs } from './native-graph/model-outputs.ts';
import { OPERATION_BY_OPERATION, type StepTaker } from './native-graph/step.ts';
import { Pacer } from './pacer.ts';
import { takeValues } from './take-values.ts';

/** Examples per step: bounds memory; the result does not depend on it. */
const PREDICTION_BATCH = 64;

/**
 * What a model says of new examples, without labels.
 *
 * Equations, z the outputs: of classes the shares softmax(z); of a number m + z h, m and h the middle and half the length of
 * the task's range; of anomalies the reconstruction error ({@link reconstructionError}).
 * Numerics: softmax in float64, the largest logit taken out before exp. What is not finite stays so, example by example.
 * Shapes: n examples in; n × classes shares, or n numbers, out.
 * @param steps takes the steps of single examples and of full batches: shapes that come again
 */
export async function predict(
  model: LayersModel,
  task: Task,
  inputs: PredictionInputs,
  steps: StepTaker = OPERATION_BY_OPERATION,
): Promise<Float32Array> {
  const width = inputWidth(task.input);
  const examples = inputs.length / width;
  const set: ExampleSet = { inputs, labels: new Uint16Array(examples) };
  const valuesOf = readerOf(task, set);
  const values: number[] = [];
  const pacer = new Pacer();
  for (let start = 0; start < examples; start += PREDICTION_BATCH) {
    const length = Math.min(PREDICTION_BATCH, examples - start);
    const picked = Uint32Array.from({ length }, (_, index) => start + index);
    const taker = length === 1 || length === PREDICTION_BATCH ? steps : OPERATION_BY_OPERATION;
    const outputs = await takeValues(tidy(() => modelOutputs(model, batchInputs(task, set, picked), taker)));
    const outputWidth = outputs.length / length;
    for (let row = 0; row < length; row++) {
      const output = outputs.subarray(row * outputWidth, (row + 1) * outputWidth);
      values.push(...valuesOf(output, start + row));
    }
    // A turn between batches keeps the channel to the agent alive.
    await pacer.rest();
  }
  return Float32Array.from(values);
}

type ReadOutputs = (outputs: ArrayLike<number>, place: number) => readonly number[];

function readerOf(task: Task, set: ExampleSet): ReadOutputs {
  const objective = objectiveOf(task);
  switch (objective.kind) {
    case 'classification':
      return softmax;
    case 'regression':
      return (outputs) => [unscaleTarget(outputs[0]!, objective.range)];
    case 'anomaly': {
      const width = inputWidth(task.input);
      return (outputs, place) => [
        reconstructionError(outputs, batchValues(set, Uint32Array.of(place), width)),
      ];
    }
  }
}

function softmax(logits: ArrayLike<number>): readonly number[] {
  const largest = Array.from(logits).reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
