import type { Task } from '@genba/shared/model/task';
import {
  dispose,
  MomentumOptimizer,
  type Optimizer,
  SGDOptimizer,
  scalar,
  train,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';

/** An optimiser, and what it remembers from step to step: one variable for each that it trains, or none. */
export interface Optimiser {
  readonly descent: Optimizer;
  readonly memory: readonly Variable[];
}

/** The task's optimiser, made anew each round so that no momentum outlives the weights it was gathered on. */
export async function freshOptimiser(
  { learningRate, momentum }: Task['training'],
  variables: readonly Variable[],
): Promise<Optimiser> {
  if (momentum === 0) return { descent: train.sgd(learningRate), memory: [] };
  const descent = train.momentum(learningRate, momentum);
  // It would make them in its first step; every step is to be like the others.
  const steps = scalar(0, 'int32');
  const none = variables.map((variable) => ({ name: variable.name, tensor: zerosLike(variable) }));
  await descent.setWeights([{ name: 'iter', tensor: steps }, ...none]);
  dispose([steps, ...none.map(({ tensor }) => tensor)]);
  const [iterations, ...memory] = await descent.getWeights();
  iterations!.tensor.dispose();
  return { descent, memory: memory.map(({ tensor }) => tensor as Variable) };
}

/** Frees all of an optimiser's tensors. */
export function disposeOptimiser({ descent }: Optimiser): void {
  descent.dispose();
  // tfjs 4.22: the momentum optimiser forgets the learning rate that it inherits from plain descent.
  if (descent instanceof MomentumOptimizer) SGDOptimizer.prototype.dispose.call(descent);
}
