import type { Task } from '@genba/shared/model/task';
import { MomentumOptimizer, type Optimizer, SGDOptimizer, train } from '@tensorflow/tfjs-core';

/** The task's optimiser, made anew each round so that no momentum outlives the weights it was gathered on. */
export function freshOptimiser({ learningRate, momentum }: Task['training']): Optimizer {
  return momentum > 0 ? train.momentum(learningRate, momentum) : train.sgd(learningRate);
}

/** Frees all of an optimiser's tensors. */
export function disposeOptimiser(optimiser: Optimizer): void {
  optimiser.dispose();
  // tfjs 4.22: the momentum optimiser forgets the learning rate that it inherits from plain descent.
  if (optimiser instanceof MomentumOptimizer) SGDOptimizer.prototype.dispose.call(optimiser);
}
