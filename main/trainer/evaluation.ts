import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Sequential } from '@tensorflow/tfjs-layers';
import { batchInputs } from './batches.ts';
import type { EvaluationResult, ExampleSet } from './messages.ts';
import { Pacer } from './pacer.ts';

/** Examples per step: bounds memory; the result does not depend on it. */
const EVALUATION_BATCH = 256;

/** How a judgement takes its time. */
export interface EvaluationControl {
  readonly pacer?: Pacer;
  /** Asked after every step. */
  readonly isCancelled?: (() => boolean) | undefined;
}

/**
 * Judges a model on a set: share judged right and mean softmax cross-entropy.
 * Numerics: loss accumulated in float64 from float32 logits, the largest logit taken out before exp.
 * @throws AppError `trainer/diverged` when a logit is not finite, `trainer/cancelled`
 */
export async function evaluateModel(
  model: Sequential,
  task: Task,
  set: ExampleSet,
  { pacer = new Pacer(), isCancelled = () => false }: EvaluationControl = {},
): Promise<EvaluationResult> {
  const examples = set.labels.length;
  if (examples === 0) return { accuracy: null, loss: null, examples };
  const classes = task.classes.length;
  let correct = 0;
  let loss = 0;
  for (let start = 0; start < examples; start += EVALUATION_BATCH) {
    const length = Math.min(EVALUATION_BATCH, examples - start);
    const picked = Uint32Array.from({ length }, (_, index) => start + index);
    const logits = tidy(() => (model.apply(batchInputs(task, set, picked)) as Tensor).dataSync());
    for (let row = 0; row < length; row++) {
      const judged = judge(logits.subarray(row * classes, (row + 1) * classes), set.labels[start + row]!);
      if (!Number.isFinite(judged.loss)) {
        throw new AppError('trainer/diverged', { detail: 'the model gives values that are not numbers' });
      }
      loss += judged.loss;
      if (judged.isCorrect) correct += 1;
    }
    // A pause between batches keeps the channel to the agent alive.
    await pacer.rest(isCancelled);
    if (isCancelled()) throw new AppError('trainer/cancelled');
  }
  return { accuracy: correct / examples, loss: loss / examples, examples };
}

function judge(logits: ArrayLike<number>, label: number): { loss: number; isCorrect: boolean } {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - logits[best]!);
  return { loss: Math.log(sum) - (logits[label]! - logits[best]!), isCorrect: best === label };
}
