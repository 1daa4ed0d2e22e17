import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** A step of training in terms of tensors. */
export interface Step {
  /** What differs from one step to the next: the batch, and what a pull pulls towards. */
  readonly inputs: readonly Tensor[];
  /** What the step changes: weights, running statistics, what the optimiser remembers. */
  readonly state: readonly Variable[];
  /**
   * Takes the step, operation by operation: changes the state and returns the loss before. What it does depends on
   * nothing but inputs, state, and settings that its program is asked for by.
   */
  readonly take: () => Scalar;
}

/** What takes the steps of one model's training. */
export interface StepTaker {
  /**
   * Takes a step. Returns the loss before it.
   * @param settings whatever else the step depends on
   */
  take(step: Step, settings: string): Scalar;
  /** Whether steps like this one are taken as they will be from now on: neither translated nor proven any more. */
  isSettled(step: Step): boolean;
  dispose(): void;
}

/** Has all steps taken operation by operation. */
export const OPERATION_BY_OPERATION: StepTaker = {
  take: (step) => step.take(),
  isSettled: () => true,
  dispose: () => undefined,
};
