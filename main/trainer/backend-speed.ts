import { initialWeights } from '@genba/shared/model/initial-weights';
import { inputWidth } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import type { Task } from '@genba/shared/model/task';
import { Descent } from './descent.ts';
import type { ExampleSet } from './messages.ts';
import { buildModel } from './model.ts';
import { stepTaker } from './native-graph/step-programs.ts';
import { installWeights } from './weights.ts';

/** How long is measured, milliseconds; one step at least, however long it takes. */
const MEASURE_MS = 1_000;

/**
 * How many examples per second the backend in use trains on: steps of gradient descent of the task's own model and
 * batch, on made-up examples and throw-away weights. The first steps, in which backends translate their programs, do
 * not count.
 * @throws Error whatever the backend throws where it cannot train this model, and where its results are not numbers
 */
export async function trainingRate(task: Task): Promise<number> {
  const examples = Math.max(2, task.training.batchSize);
  let steps = 0;
  let begunAt = 0;
  await descend(task, examples, ({ isSettled }) => {
    if (!isSettled) return true;
    if (steps === 0) begunAt = performance.now();
    else if (performance.now() - begunAt >= MEASURE_MS) return false;
    steps += 1;
    return true;
  });
  // The last call only said that it was enough.
  return (1000 * examples * (steps - 1)) / (performance.now() - begunAt);
}

/** One step on two examples: availability alone proves little, a backend may lack the kernel of a gradient. */
export function proveTraining(task: Task): Promise<void> {
  return descend(task, 2, () => false);
}

/** Takes steps, one at least, until `goesOn` says that it is enough. */
async function descend(task: Task, examples: number, goesOn: (descent: Descent) => boolean): Promise<void> {
  const set = madeUp(task, examples);
  const picked = Uint32Array.from({ length: examples }, (_, index) => index);
  const layout = weightLayout(task);
  const model = buildModel(task);
  const steps = stepTaker(() => {});
  const { training } = task;
  const descent = await Descent.begin({ model, task, set, training, pull: null, augment: null, steps });
  try {
    installWeights(model, layout, initialWeights(layout, task.seed));
    do {
      if (!Number.isFinite(await descent.step(picked))) throw new Error('its results are not numbers');
    } while (goesOn(descent));
  } finally {
    descent.dispose();
    steps.dispose();
    model.dispose();
  }
}

/** Noise in the form of the task's examples, classes in turn. */
function madeUp(task: Task, examples: number): ExampleSet {
  const random = seededRandom(task.seed);
  const values = examples * inputWidth(task.input);
  const inputs =
    task.input.kind === 'image'
      ? Uint8Array.from({ length: values }, () => 256 * random())
      : Float32Array.from({ length: values }, () => 2 * random() - 1);
  const classes = Math.max(1, task.classes.length);
  return {
    inputs,
    labels: Uint16Array.from({ length: examples }, (_, index) => index % classes),
    targets: Float32Array.from({ length: examples }, () => 2 * random() - 1),
  };
}
