import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { StepTaker } from './step.ts';

/**
 * What a model makes of a batch, as a step of judging: the weights go in beside it, so that a program stays good for
 * whatever weights the model gets.
 */
export function modelOutputs(model: LayersModel, batch: Tensor, steps: StepTaker): Tensor {
  const weights = model.weights.map((weight) => weight.read() as Variable);
  const take = () => model.apply(batch) as Tensor;
  return steps.take({ inputs: [batch, ...weights], state: [], take }, '');
}
