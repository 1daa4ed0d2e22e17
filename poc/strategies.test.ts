import { UPDATE_ENCODINGS, type UpdateEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { strategySettingsSchema } from '@genba/shared/federation/strategies/settings';
import type { Strategy } from '@genba/shared/federation/strategies/strategy';
import type { WeightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { beforeAll, describe, expect, it } from 'vitest';
import { DIGIT_SIZE, type DigitSet, pickDigits, readMnist } from '../demo/mnist.ts';
import { splitByLabel } from '../demo/split.ts';
import { drawRoundSeconds, RASPBERRY_PI } from './round-times.ts';
import { federate, type LocalRound } from './virtual-federation.ts';

// Five plants that hardly know each other's digits train a logistic regression together, on virtual time: a check that
// each strategy learns at all where a plant alone cannot. What each is worth is for the simulator to measure.

const CELL = 4;
const SIDE = DIGIT_SIZE / CELL;
const INPUTS = SIDE * SIDE;
const CLASSES = 10;
const LAYOUT: WeightLayout = {
  tensors: [
    {
      name: 'logits/kernel',
      layer: 'logits',
      role: 'trainable',
      shape: [INPUTS, CLASSES],
      offset: 0,
      size: INPUTS * CLASSES,
    },
    {
      name: 'logits/bias',
      layer: 'logits',
      role: 'trainable',
      shape: [CLASSES],
      offset: INPUTS * CLASSES,
      size: CLASSES,
    },
  ],
  size: (INPUTS + 1) * CLASSES,
};

const TRAINING_POOL = 5000;
const JUDGED = 1000;
const PLANTS = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
  [8, 9],
].map((ownDigits) => ({ ownDigits, examples: 120, ownShare: 0.95 }));
/** Five devices of very different speed. */
const ROUND_TIMES = [0, 1, 2, 4, 8].map((device) => RASPBERRY_PI[device]!);
const HORIZON_S = 20_000;
const LEARNING_RATE = 0.1;
const BATCH = 20;

interface Examples {
  /** Row by row, with a 1 for the bias at the end of each. */
  readonly inputs: Float32Array;
  readonly labels: Uint8Array;
}

/** Mean brightness of 4×4 cells, 0 to 1. */
function shrink({ images, labels }: DigitSet): Examples {
  const inputs = new Float32Array(labels.length * (INPUTS + 1));
  for (let example = 0; example < labels.length; example++) {
    const row = inputs.subarray(example * (INPUTS + 1), (example + 1) * (INPUTS + 1));
    for (let pixel = 0; pixel < DIGIT_SIZE * DIGIT_SIZE; pixel++) {
      const cellRow = Math.floor(pixel / DIGIT_SIZE / CELL);
      const cellColumn = Math.floor((pixel % DIGIT_SIZE) / CELL);
      row[cellRow * SIDE + cellColumn]! +=
        images[example * DIGIT_SIZE * DIGIT_SIZE + pixel]! / 255 / CELL ** 2;
    }
    row[INPUTS] = 1;
  }
  return { inputs, labels };
}

function logitsOf(weights: Float32Array, { inputs }: Examples, example: number): Float64Array {
  const logits = new Float64Array(CLASSES);
  for (let input = 0; input <= INPUTS; input++) {
    const value = inputs[example * (INPUTS + 1) + input]!;
    if (value === 0) continue;
    for (let label = 0; label < CLASSES; label++) logits[label]! += value * weights[input * CLASSES + label]!;
  }
  return logits;
}

/** One epoch of gradient descent on the cross-entropy plus μ/2 ‖w − start‖². */
function train(
  from: { readonly weights: Float32Array; readonly start: Float32Array },
  examples: Examples,
  proximalCoefficient: number,
): Float32Array {
  const { start } = from;
  const weights = from.weights.slice();
  for (let first = 0; first < examples.labels.length; first += BATCH) {
    const last = Math.min(first + BATCH, examples.labels.length);
    const gradient = Float64Array.from(weights, (weight, i) => proximalCoefficient * (weight - start[i]!));
    for (let example = first; example < last; example++) {
      const logits = logitsOf(weights, examples, example);
      const highest = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
      for (let label = 0; label < CLASSES; label++) {
        const target = examples.labels[example] === label ? 1 : 0;
        const error = (Math.exp(logits[label]! - highest) / total - target) / (last - first);
        for (let input = 0; input <= INPUTS; input++) {
          gradient[input * CLASSES + label]! += error * examples.inputs[example * (INPUTS + 1) + input]!;
        }
      }
    }
    for (let i = 0; i < weights.length; i++) weights[i]! -= LEARNING_RATE * gradient[i]!;
  }
  return weights;
}

function accuracyOf(weights: Float32Array, examples: Examples): number {
  let right = 0;
  for (let example = 0; example < examples.labels.length; example++) {
    const logits = logitsOf(weights, examples, example);
    if (logits.indexOf(Math.max(...logits)) === examples.labels[example]) right++;
  }
  return right / examples.labels.length;
}

interface Federation {
  readonly encoding?: UpdateEncoding;
  /** Of the round times. */
  readonly seed?: number;
}

/** Trains for {@link HORIZON_S} of virtual time. @returns the global weights */
async function federateDigits(
  strategy: Strategy,
  shares: readonly Examples[],
  { encoding = 'float32', seed = 1 }: Federation = {},
): Promise<Float32Array> {
  const random = seededRandom(seed);
  const plants = shares.map((examples, index) => ({
    id: `plant${index}`,
    examples: examples.labels.length,
    train: async ({ weights, startWeights, proximalCoefficient }: LocalRound) =>
      train({ weights, start: startWeights }, examples, proximalCoefficient),
    drawSeconds: () => drawRoundSeconds(ROUND_TIMES[index]!, random),
  }));
  const initialWeights = new Float32Array(LAYOUT.size);
  const options = { strategy, layout: LAYOUT, initialWeights, plants, horizonSeconds: HORIZON_S, encoding };
  return (await federate(options)).globalWeights;
}

let shares: Examples[];
let judged: Examples;

beforeAll(() => {
  const digits = readMnist('test');
  const split = splitByLabel(digits.labels.subarray(0, TRAINING_POOL), PLANTS, 7);
  shares = split.map((positions) => shrink(pickDigits(digits, positions)));
  const held = Array.from({ length: JUDGED }, (_, index) => TRAINING_POOL + index);
  judged = shrink(pickDigits(digits, held));
});

describe('every strategy beats the plants alone', () => {
  let alone: number;

  beforeAll(() => {
    const accuracies = shares.map((examples) => {
      let weights: Float32Array = new Float32Array(LAYOUT.size);
      for (let round = 0; round < 60; round++) weights = train({ weights, start: weights }, examples, 0);
      return accuracyOf(weights, judged);
    });
    alone = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  });

  it.each([
    [0.75, { reference: 'relay', mixingWeight: 0.1, stalenessExponent: 0 }],
    [0.75, { reference: 'relay', mixingWeight: 0.1, stalenessExponent: 0, memory: {} }],
    [0.6, { reference: 'average', mixingWeight: 0.1, stalenessExponent: 0 }],
    [0.6, { reference: 'average', mixingWeight: 0.1, stalenessExponent: 0, calibratedBy: 'client' }],
    [0.3, { strategy: 'fedasync', mixingWeight: 0.3 }],
    [0.3, { strategy: 'fedasync', mixingWeight: 0.3, staleness: { kind: 'hinge', slope: 0.5 } }],
    [0.3, { strategy: 'fedasync', staleness: { kind: 'constant' }, proximalCoefficient: 0.01 }],
    [0.4, { strategy: 'fedbuff' }],
    [0.75, { strategy: 'ca2fl' }],
    [0.6, { strategy: 'fedavg', deadlineMs: 600_000 }],
    [0.6, { strategy: 'fedprox', deadlineMs: 600_000, proximalCoefficient: 0.1 }],
  ])('reaches %s: %j', async (expected, settings) => {
    expect(alone).toBeLessThan(0.25);
    const strategy = createStrategy(strategySettingsSchema.parse(settings), LAYOUT);
    expect(accuracyOf(await federateDigits(strategy, shares), judged)).toBeGreaterThan(expected);
  });
});

describe('updates in fewer bits stay within a point of those in full', () => {
  const SEEDS = [1, 2, 3];

  it.each([
    { reference: 'relay', mixingWeight: 0.1, stalenessExponent: 0 },
    { strategy: 'ca2fl' },
    { strategy: 'fedavg', deadlineMs: 600_000 },
  ])('%j', async (settings) => {
    const strategy = createStrategy(strategySettingsSchema.parse(settings), LAYOUT);
    const means: Partial<Record<UpdateEncoding, number>> = {};
    for (const encoding of UPDATE_ENCODINGS) {
      let sum = 0;
      for (const seed of SEEDS) {
        sum += accuracyOf(await federateDigits(strategy, shares, { encoding, seed }), judged);
      }
      means[encoding] = sum / SEEDS.length;
    }
    process.stdout.write(`${JSON.stringify(settings)}: ${JSON.stringify(means)}\n`);
    for (const encoding of UPDATE_ENCODINGS) {
      expect(Math.abs(means[encoding]! - means.float32!), encoding).toBeLessThan(0.01);
    }
  });
});
