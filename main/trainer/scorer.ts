import type { EvaluationResult } from './messages.ts';

/** Takes a model's outputs for a set, example by example, and says how good they are. */
export interface Scorer {
  /**
   * Takes the outputs for the example at `place`.
   * @returns its loss; not finite where an output is not
   */
  add(place: number, outputs: ArrayLike<number>): number;
  result(): EvaluationResult;
}
