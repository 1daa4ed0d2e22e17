import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { batchInputs } from './batches.ts';
import { createScorer } from './create-scorer.ts';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import { modelOutputs } from './native-graph/model-outputs.ts';
import { OPERATION_BY_OPERATION, type StepTaker } from './native-graph/step.ts';
import { Pacer } from './pacer.ts';
import { takeValues } from './take-values.ts';

/** Examples per step: bounds memory; the result does not depend on it. */
const EVALUATION_BATCH = 256;

/** How a judgement takes its time. */
export interface EvaluationControl {
  readonly pacer?: Pacer;
  /** What takes the model's steps, of judging only; left out: operation by operation. */
  readonly steps?: StepTaker;
  /** Asked after every step. */
  readonly isCancelled?: (() => boolean) | undefined;
}

/**
 * Judges a model on a set, by what its task learns.
 * @throws AppError `trainer/diverged` when an output is not finite, `trainer/cancelled`
 */
export async function evaluateModel(
  model: LayersModel,
  task: Task,
  set: ExampleSet,
  { pacer = new Pacer(), steps = OPERATION_BY_OPERATION, isCancelled = () => false }: EvaluationControl = {},
): Promise<EvaluationResult> {
  const examples = set.labels.length;
  const scorer = createScorer(task, set);
  for (let start = 0; start < examples; start += EVALUATION_BATCH) {
    const length = Math.min(EVALUATION_BATCH, examples - start);
    const picked = Uint32Array.from({ length }, (_, index) => start + index);
    const outputs = await takeValues(tidy(() => modelOutputs(model, batchInputs(task, set, picked), steps)));
    const width = outputs.length / length;
    for (let row = 0; row < length; row++) {
      const loss = scorer.add(start + row, outputs.subarray(row * width, (row + 1) * width));
      if (!Number.isFinite(loss)) {
        throw new AppError('trainer/diverged', { detail: 'the model gives values that are not numbers' });
      }
    }
    // A pause between batches keeps the channel to the agent alive.
    await pacer.rest(isCancelled);
    if (isCancelled()) throw new AppError('trainer/cancelled');
  }
  return scorer.result();
}
