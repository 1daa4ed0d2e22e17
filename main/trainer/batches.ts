import { AppError } from '@genba/shared/errors/app-error';
import { inputShape, inputWidth } from '@genba/shared/model/layers';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Augment } from './augmentation.ts';
import type { ExampleSet } from './messages.ts';

/** Largest value of a pixel byte; pixels reach the model as 0 to 1. */
const PIXEL_MAXIMUM = 255;

/** A random order of `count` examples (Fisher and Yates): `random` gives uniform numbers in [0, 1). */
export function shuffledOrder(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}

/**
 * Cuts an order into ceil(n / batchSize) batches of nearly one size: they differ by one example at most. A small
 * rest as a batch of its own would take a full step on a few examples, and can undo a round.
 *
 * Shapes: n examples in, views of them out, none longer than `batchSize`.
 */
export function evenBatches(order: Uint32Array, batchSize: number): Uint32Array[] {
  const count = Math.ceil(order.length / batchSize);
  const start = (batch: number) => Math.floor((batch * order.length) / count);
  return Array.from({ length: count }, (_, batch) => order.subarray(start(batch), start(batch + 1)));
}

/**
 * The inputs of some examples, one after the other, as the model takes them: pixels are scaled to 0..1 here, batch by
 * batch, so that the set stays one byte per pixel in memory.
 * @param width inputs per example
 */
export function batchValues({ inputs }: ExampleSet, picked: Uint32Array, width: number): Float32Array {
  const values = new Float32Array(picked.length * width);
  const scale = inputs instanceof Uint8Array ? 1 / PIXEL_MAXIMUM : 1;
  for (let row = 0; row < picked.length; row++) {
    const source = picked[row]! * width;
    const target = row * width;
    for (let i = 0; i < width; i++) values[target + i] = inputs[source + i]! * scale;
  }
  return values;
}

/**
 * The inputs of some examples as one tensor, see {@link batchValues}; changed at random where `augment` is given.
 *
 * Shapes: returns `[picked.length, ...inputShape]`. Ownership: the caller disposes of the tensor.
 */
export function batchInputs(
  task: Task,
  set: ExampleSet,
  picked: Uint32Array,
  augment: Augment | null = null,
): Tensor {
  const values = batchValues(set, picked, inputWidth(task.input));
  augment?.(values);
  return tensor(values, [picked.length, ...inputShape(task.input)], 'float32');
}

/** One number per example as a column, `[picked.length, 1]`. The caller disposes. */
export function batchColumn(picked: Uint32Array, numberAt: (place: number) => number): Tensor {
  return tensor(Float32Array.from(picked, numberAt), [picked.length, 1], 'float32');
}

/** The classes of some examples as rows with a single one: `[picked.length, classes]`. The caller disposes. */
export function batchTargets(task: Task, set: ExampleSet, picked: Uint32Array): Tensor {
  const classes = task.classes.length;
  const values = new Float32Array(picked.length * classes);
  for (let row = 0; row < picked.length; row++) values[row * classes + set.labels[picked[row]!]!] = 1;
  return tensor(values, [picked.length, classes], 'float32');
}

/**
 * Checks once, at the border, that a set fits the task.
 * @throws AppError `dataset/mismatch`, its detail naming what differs
 */
export function checkExampleSet(task: Task, name: string, set: ExampleSet): void {
  const width = inputWidth(task.input);
  const refuse = (reason: string): never => {
    throw new AppError('dataset/mismatch', { detail: `${name} set: ${reason}` });
  };
  if (set.inputs.length !== set.labels.length * width) {
    refuse(`${set.inputs.length} inputs for ${set.labels.length} labels of ${width} inputs each`);
  }
  if (task.input.kind === 'image' && !(set.inputs instanceof Uint8Array)) {
    refuse('pixels must be bytes');
  }
  if (task.input.kind !== 'image' && !(set.inputs instanceof Float32Array)) {
    refuse('columns must be float32');
  }
  if (objectiveOf(task).kind === 'regression') {
    if (set.targets?.length !== set.labels.length) refuse('not one target for each example');
  } else if (set.labels.some((label) => label >= task.classes.length)) {
    refuse(`a label beyond the task's ${task.classes.length} classes`);
  }
}
