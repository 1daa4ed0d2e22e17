import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import type { Task } from '@genba/shared/model/task';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { brightHalves, CLASSES, clouds, sampleTask } from './fixtures.ts';
import type { BackendName, ExampleSet } from './messages.ts';
import { TrainerSession } from './session.ts';

const CONTROL = { onProgress: () => {}, isCancelled: () => false };
const TABLE = { kind: 'table', columns: ['x', 'y'], labelColumn: 'class' };
/** null: the fastest that works here. */
const BACKENDS = ['cpu', 'wasm', null] as const;
/** Of one element of a gradient: the trainer calculates in float32, the test in float64. */
const GRADIENT_TOLERANCE = 2e-4;
const DIFFERENCE = 1e-5;

let session: TrainerSession | undefined;
afterEach(() => {
  session?.dispose();
  session = undefined;
});

async function load(task: Task, training: ExampleSet, backend: BackendName | null = 'cpu') {
  session = await TrainerSession.load({ task, training, validation: training, check: null, backend });
  return session;
}

function randomWeights(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => random() * 2 - 1);
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!));
}

describe('the proximal term', () => {
  it('adds μ (w − S) to the gradient, by hand', async () => {
    const input = { kind: 'table', columns: ['x'], labelColumn: 'class' };
    const training = { epochs: 1, batchSize: 1, learningRate: 0.5 };
    const task = { ...sampleTask({ input, model: { template: 'mlp', hiddenUnits: [] }, training }) };
    const trainer = await load(
      { ...task, classes: ['left', 'right'] },
      {
        inputs: Float32Array.of(2),
        labels: Uint16Array.of(0),
      },
    );
    // Both classes are equally likely at w = 0: ∂L/∂z = (−½, ½), for the kernel times x = 2.
    // μ (w − S) = ¼ (−1, 1 | −½, 0); the step is −½ of (−1 − ¼, 1 + ¼ | −½ − ⅛, ½).
    const proximal = { coefficient: 0.25, startWeights: Float32Array.of(1, -1, 0.5, 0) };
    const { weights, loss } = await trainer.train(new Float32Array(4), { seed: 1, proximal }, CONTROL);
    expect(weights).toEqual(Float32Array.of(0.625, -0.625, 0.3125, -0.25));
    expect(loss).toBeCloseTo(Math.log(2), 6);
  });

  it.each(BACKENDS)('is the gradient of F(w) + μ/2 ‖w − S‖², on %j', async (backend) => {
    const training = { epochs: 1, batchSize: 64, learningRate: 1 };
    const task = sampleTask({ input: TABLE, model: { template: 'mlp', hiddenUnits: [4] }, training });
    const examples = clouds(12, 3);
    const { size } = weightLayout(task);
    const before = randomWeights(size, 1);
    const startWeights = randomWeights(size, 2);
    const coefficient = 0.7;
    const objective = (weights: Float64Array) =>
      crossEntropy(weights, examples) +
      (coefficient / 2) * weights.reduce((sum, value, i) => sum + (value - startWeights[i]!) ** 2, 0);
    const trainer = await load(task, examples, backend);
    const round = { seed: 1, proximal: { coefficient, startWeights } };
    const after = (await trainer.train(before, round, CONTROL)).weights;
    for (let i = 0; i < size; i++) {
      const at = (step: number) => objective(Float64Array.from(before).with(i, before[i]! + step));
      const slope = (at(DIFFERENCE) - at(-DIFFERENCE)) / (2 * DIFFERENCE);
      expect(Math.abs(before[i]! - after[i]! - slope), `weight ${i}`).toBeLessThan(GRADIENT_TOLERANCE);
    }
  });

  it.each(BACKENDS)('keeps a round near the start weights, on %j', async (backend) => {
    const model = { template: 'mlp', hiddenUnits: [16], batchNormalisation: true };
    const task = sampleTask({ model, training: { epochs: 6, learningRate: 0.05 } });
    const layout = weightLayout(task);
    const trainer = await load(task, brightHalves(240, 1), backend);
    const start = initialWeights(layout, task.seed);
    const trained = (weights: Float32Array) =>
      layout.tensors
        .filter(({ role }) => role !== 'statistic')
        .map(({ offset, size }) =>
          distance(weights.subarray(offset, offset + size), start.subarray(offset, offset + size)),
        )
        .reduce((sum, length) => sum + length, 0);
    const free = (await trainer.train(start, { seed: 1 }, CONTROL)).weights;
    const proximal = { coefficient: 20, startWeights: start };
    const held = (await trainer.train(start, { seed: 1, proximal }, CONTROL)).weights;
    expect(trained(held)).toBeGreaterThan(0);
    expect(trained(held)).toBeLessThan(trained(free) / 4);
    // From afar it comes back.
    const back = (await trainer.train(free, { seed: 1, proximal }, CONTROL)).weights;
    expect(trained(back)).toBeLessThan(trained(free) / 4);
    // Running statistics follow the data.
    const { offset, size } = layout.tensors.find(({ role }) => role === 'statistic')!;
    const statistics = (weights: Float32Array) => weights.subarray(offset, offset + size);
    expect(distance(statistics(held), statistics(start))).toBeGreaterThan(0.1);
  });

  it.each(BACKENDS)('leaves no tensors behind, on %j', async (backend) => {
    const task = sampleTask({ training: { momentum: 0.5, epochs: 1 } });
    const start = initialWeights(weightLayout(task), task.seed);
    const trainer = await load(task, brightHalves(32, 1), backend);
    const round = (seed: number) =>
      trainer.train(start, { seed, proximal: { coefficient: 0.1, startWeights: start } }, CONTROL);
    await round(0);
    const before = memory();
    for (let seed = 1; seed <= 20; seed++) await round(seed);
    const cancelled = trainer.train(
      start,
      { seed: 1, proximal: { coefficient: 0.1, startWeights: start } },
      { ...CONTROL, isCancelled: () => true },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'trainer/cancelled' });
    const after = memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
  });

  it('refuses start weights of another model', async () => {
    const task = sampleTask();
    const trainer = await load(task, brightHalves(32, 1));
    const proximal = { coefficient: 1, startWeights: new Float32Array(3) };
    const start = initialWeights(weightLayout(task), task.seed);
    await expect(trainer.train(start, { seed: 1, proximal }, CONTROL)).rejects.toMatchObject({
      code: 'update/wrong-shape',
    });
  });
});

/** F(w) in float64: two columns, four hidden units (ReLU), three classes. */
function crossEntropy(weights: Float64Array, { inputs, labels }: ExampleSet): number {
  const dense = (values: readonly number[], offset: number, units: number) =>
    Array.from({ length: units }, (_, unit) =>
      values.reduce(
        (sum, value, i) => sum + value * weights[offset + i * units + unit]!,
        weights[offset + values.length * units + unit]!,
      ),
    );
  let total = 0;
  for (const [example, label] of labels.entries()) {
    const hidden = dense([inputs[2 * example]!, inputs[2 * example + 1]!], 0, 4).map((z) => Math.max(z, 0));
    const logits = dense(hidden, 2 * 4 + 4, CLASSES.length);
    total += Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[label]!;
  }
  return total / labels.length;
}
