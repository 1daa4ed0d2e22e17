import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';

/** A step of training in terms of tensors; or one of judging, which changes nothing. */
export interface Step<Result extends Tensor = Scalar> {
  /** What differs from one step to the next: the batch, what a pull pulls towards, the weights that judge. */
  readonly inputs: readonly Tensor[];
  /** What the step changes: weights, running statistics, what the optimiser remembers. */
  readonly state: readonly Variable[];
  /**
   * Takes the step, operation by operation: changes the state and returns its result, of training the loss before. What
   * it does depends on nothing but inputs, state, and settings that its program is asked for by.
   */
  readonly take: () => Result;
}

/** What takes the steps of one model's training, or of its judging. */
export interface StepTaker {
  /**
   * Takes a step. Returns its result.
   * @param settings whatever else the step depends on
   */
  take<Result extends Tensor>(step: Step<Result>, settings: string): Result;
  /** Whether steps like this one are taken as they will be from now on: neither translated nor proven any more. */
  isSettled(step: Step<Tensor>): boolean;
  dispose(): void;
}

/** Has all steps taken operation by operation. */
export const OPERATION_BY_OPERATION: StepTaker = {
  take: (step) => step.take(),
  isSettled: () => true,
  dispose: () => undefined,
};
