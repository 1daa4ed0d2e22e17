import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { expect, it } from 'vitest';
import { describeIfAvailable, useSwiftShader } from '../../tools/requirements.ts';
import { brightHalves, sampleTask } from './fixtures.ts';
import type { BackendName } from './messages.ts';
import { TrainerSession } from './session.ts';
import { EVERY_MODEL, type Template } from './template-fixtures.ts';

/**
 * The same seed and data train the same model on every backend. One step of plain descent with a learning rate of 1 is
 * the gradient itself; three steps show that errors do not build up, and a whole
 * training that they never do.
 */

/** Largest difference of one element of the first gradient, as a share of the largest element. */
const GRADIENT_TOLERANCE = 1e-3;
/** Largest difference of one weight after three steps, as a share of the largest change of a weight. */
const WEIGHT_TOLERANCE = 5e-3;
/** Of each of three losses, relative. */
const LOSS_TOLERANCE = 1e-3;
/** Of a round's loss in a whole training, as a share of the first round's. */
const TRAINING_TOLERANCE = 1e-5;
/** Rounds of a whole training, with two epochs of six batches each. */
const ROUNDS = 8;

interface Curve {
  readonly losses: readonly number[];
  readonly gradient: Float32Array;
  readonly change: Float32Array;
}

async function curveOn(backend: BackendName, { set, ...overrides }: Template): Promise<Curve> {
  const training = { epochs: 1, batchSize: set.labels.length, learningRate: 1, momentum: 0 };
  const task = sampleTask({ ...overrides, training });
  const session = await TrainerSession.load({ task, training: set, validation: set, check: null, backend });
  const control = { onProgress: () => {}, isCancelled: () => false };
  const step = (weights: Float32Array, learningRate: number) =>
    session.train(weights, { seed: 1, training: { ...task.training, learningRate } }, control);
  try {
    const start = initialWeights(weightLayout(task), 3);
    const whole = await step(start, 1);
    let weights = start;
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { weights: next, loss } = await step(weights, 0.05);
      losses.push(loss);
      weights = next;
    }
    return { losses, gradient: difference(whole.weights, start), change: difference(weights, start) };
  } finally {
    session.dispose();
  }
}

/** The losses of a whole training, round by round, each round in an order of its own. */
async function trainingOn(backend: BackendName, model: object): Promise<number[]> {
  const training = { epochs: 2, batchSize: 16, learningRate: 0.05, momentum: 0.9 };
  const task = sampleTask({ model, training });
  const set = brightHalves(96, 5);
  const session = await TrainerSession.load({ task, training: set, validation: set, check: null, backend });
  const losses: number[] = [];
  try {
    let weights = initialWeights(weightLayout(task), 3);
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const round = await session.train(
        weights,
        { seed },
        { onProgress: () => {}, isCancelled: () => false },
      );
      losses.push(round.loss);
      weights = round.weights;
    }
    return losses;
  } finally {
    session.dispose();
  }
}

const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const relative = (a: Float32Array, b: Float32Array) => largest(difference(a, b)) / largest(b);

describeIfAvailable('webgpu', 'with WebGPU', () => {
  useSwiftShader();
  describeIfAvailable('native-tensorflow', 'against native TensorFlow', () => {
    it.each(Object.entries(EVERY_MODEL))(
      'trains a %s alike on WebGPU, on WebAssembly and in plain JavaScript',
      async (_name, template) => {
        const native = await curveOn('tensorflow', template);
        expect(largest(native.gradient)).toBeGreaterThan(0);
        for (const backend of ['wasm', 'webgpu', 'cpu'] as const) {
          const other = await curveOn(backend, template);
          expect(relative(other.gradient, native.gradient), backend).toBeLessThan(GRADIENT_TOLERANCE);
          expect(relative(other.change, native.change), backend).toBeLessThan(WEIGHT_TOLERANCE);
          for (const [i, loss] of other.losses.entries())
            expect(Math.abs(loss / native.losses[i]! - 1), `${backend}, step ${i}`).toBeLessThan(
              LOSS_TOLERANCE,
            );
        }
      },
      120_000,
    );

    it.each([
      ['mlp', { template: 'mlp', hiddenUnits: [16] }],
      ['small CNN', { template: 'small-cnn', filters: [4, 8], denseUnits: 16 }],
    ])(
      'learns along the same curve, a whole training of a %s long',
      async (_name, model) => {
        const native = await trainingOn('tensorflow', model);
        expect(native.at(-1)).toBeLessThan(native[0]! / 5);
        for (const backend of ['wasm', 'webgpu', 'cpu'] as const) {
          const other = await trainingOn(backend, model);
          for (const [round, loss] of other.entries())
            expect(Math.abs(loss - native[round]!) / native[0]!, `${backend}, round ${round}`).toBeLessThan(
              TRAINING_TOLERANCE,
            );
        }
      },
      120_000,
    );
  });
});
