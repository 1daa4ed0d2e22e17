import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  brightHalves,
  clouds,
  NO_EXAMPLES,
  OWN_TOPOLOGY,
  sampleTask,
  scratches,
  slopes,
  spottedSurfaces,
  waves,
} from './fixtures.ts';
import type { BackendName, ExampleSet } from './messages.ts';
import { TrainerSession } from './session.ts';
import type { RoundProgress } from './training.ts';

/** Largest difference of one weight after two epochs: both sum in float32, in another order. */
const BACKEND_TOLERANCE = 1e-4;

const NORMALISED = { template: 'mlp', hiddenUnits: [16], batchNormalisation: true };

let session: TrainerSession | undefined;
afterEach(() => {
  session?.dispose();
  session = undefined;
});

interface Sets {
  readonly training?: ExampleSet;
  readonly validation?: ExampleSet;
}

async function load(task: Task, backend: BackendName | null = 'cpu', sets: Sets = {}) {
  const { training = brightHalves(240, 1), validation = brightHalves(90, 2) } = sets;
  session = await TrainerSession.load({ task, training, validation, check: null, backend });
  return session;
}

const CONTROL = { onProgress: () => {}, isCancelled: () => false };
const start = (task: Task) => initialWeights(weightLayout(task), task.seed);

/** Trains a round and demands that unseen examples, those of rare classes too, are judged right. */
async function expectToLearn(trainer: TrainerSession, task: Task): Promise<void> {
  const before = await trainer.evaluate(start(task), 'validation');
  const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
  const after = await trainer.evaluate(weights, 'validation');
  expect(after.loss!).toBeLessThan(before.loss! / 2);
  expect(after.balancedAccuracy).toBeGreaterThan(0.9);
}

/** Windows of which one in five is wrong, told apart by a small residual network. */
const WAVES = sampleTask({
  input: { kind: 'series', columns: ['a', 'b'], windowRows: 16, strideRows: 8, labelColumn: 'state' },
  classes: ['together', 'apart'],
  objective: { kind: 'classification', classWeights: 'balanced' },
  model: { template: 'resnet-1d', filters: [6, 8], blocks: 1, kernelSize: 5 },
  training: { epochs: 6, learningRate: 0.1 },
});

describe('training', () => {
  it.each([
    ['an MLP', {}],
    ['an MLP with momentum', { training: { momentum: 0.5 } }],
    ['an MLP with normalisation', { model: NORMALISED }],
    ['a small CNN', { model: { template: 'small-cnn', filters: [4], denseUnits: 8 } }],
  ])('lowers the loss of %s and judges unseen examples right', async (_name, overrides) => {
    const task = sampleTask(overrides);
    const trainer = await load(task);
    const before = await trainer.evaluate(start(task), 'validation');
    const { weights, loss, examples } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const after = await trainer.evaluate(weights, 'validation');
    expect(examples).toBe(240);
    expect(loss).toBeLessThan(before.loss!);
    expect(after.loss!).toBeLessThan(before.loss! / 3);
    expect(after.accuracy).toBeGreaterThan(0.95);
  });

  it('lowers the loss of a LeNet-5, the same on WebAssembly as in plain JavaScript', async () => {
    const task = sampleTask({
      input: { kind: 'image', width: 12, height: 12, channels: 1 },
      model: { template: 'lenet-5' },
    });
    const sets = { training: brightHalves(240, 1, 12), validation: brightHalves(90, 2, 12) };
    const trained = [];
    for (const backend of ['cpu', 'wasm'] as const) {
      const trainer = await load(task, backend, sets);
      const before = await trainer.evaluate(start(task), 'validation');
      const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
      expect((await trainer.evaluate(weights, 'validation')).loss!).toBeLessThan(before.loss! / 2);
      trained.push(weights);
      trainer.dispose();
      session = undefined;
    }
    const [plain, wasm] = trained;
    const worst = plain!.reduce((most, value, i) => Math.max(most, Math.abs(value - wasm![i]!)), 0);
    expect(worst).toBeLessThan(BACKEND_TOLERANCE);
  });

  it('lowers the loss of a narrow VGG-11', async () => {
    const task = sampleTask({
      input: { kind: 'image', width: 32, height: 32, channels: 1 },
      model: { template: 'vgg-11', widthShare: 0.05, batchNormalisation: true },
      training: { epochs: 8, learningRate: 0.05 },
    });
    const sets = { training: brightHalves(120, 1, 32), validation: brightHalves(60, 2, 32) };
    const trainer = await load(task, 'wasm', sets);
    const before = await trainer.evaluate(start(task), 'validation');
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    expect((await trainer.evaluate(weights, 'validation')).loss!).toBeLessThan(before.loss! / 2);
  });

  it('teaches a MobileNet to tell scratches', { timeout: 60_000 }, async () => {
    const task = sampleTask({
      input: { kind: 'image', width: 16, height: 16, channels: 1 },
      model: { template: 'mobilenet', filters: [8, 12], expansion: 2, stemStrides: 1 },
      training: { epochs: 10, learningRate: 0.05, momentum: 0.9 },
    });
    const sets = { training: scratches(240, 1), validation: scratches(90, 2) };
    await expectToLearn(await load(task, 'wasm', sets), task);
  });

  it('teaches a ResNet to tell waves, of which few are wrong', async () => {
    await expectToLearn(
      await load(WAVES, 'wasm', { training: waves(300, 1), validation: waves(150, 2) }),
      WAVES,
    );
  });

  it('finds odd pictures with convolutions that were shown good ones only', async () => {
    const task = sampleTask({
      classes: ['good', 'bad'],
      objective: { kind: 'anomaly' },
      model: { template: 'conv-autoencoder', filters: [6, 3] },
      training: { epochs: 12, learningRate: 0.1, momentum: 0.9 },
      input: { kind: 'image', width: 16, height: 16, channels: 1 },
    });
    const sets = { training: spottedSurfaces(200, 1), validation: spottedSurfaces(80, 2) };
    const trainer = await load(task, 'wasm', sets);
    const before = await trainer.evaluate(start(task), 'validation');
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const after = await trainer.evaluate(weights, 'validation');
    expect(after.loss!).toBeLessThan(before.loss! / 3);
    expect(after.score).toBeGreaterThan(0.9);
  });

  it("teaches a model of an engineer's own", async () => {
    const task = sampleTask({
      model: { template: 'layers-model', topology: OWN_TOPOLOGY },
      training: { epochs: 4, learningRate: 0.1 },
    });
    await expectToLearn(await load(task, 'wasm'), task);
  });

  it('trains on changed pictures where the task asks for it, the same for one seed', async () => {
    const train = async (augmentation?: object) => {
      const task = sampleTask({ training: augmentation === undefined ? {} : { augmentation } });
      const trainer = await load(task);
      const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
      trainer.dispose();
      session = undefined;
      return weights;
    };
    const changed = await train({ brightness: 0.3 });
    expect(await train({ brightness: 0.3 })).toEqual(changed);
    expect(await train()).not.toEqual(changed);
    // Nothing is changed by an augmentation of nothing, the order of the examples included.
    expect(await train({})).toEqual(await train());
  });

  it('learns from a table', async () => {
    const task = sampleTask({ input: { kind: 'table', columns: ['x', 'y'], labelColumn: 'class' } });
    const trainer = await load(task, 'cpu', { training: clouds(300, 1), validation: clouds(90, 2) });
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    expect((await trainer.evaluate(weights, 'validation')).accuracy).toBeGreaterThan(0.95);
  });

  it('learns a number, and says in its own unit how far off it is', async () => {
    const task = sampleTask({
      input: { kind: 'table', columns: ['x', 'y'], labelColumn: 'thickness' },
      classes: [],
      objective: { kind: 'regression', range: [-10, 10], unit: 'mm' },
      training: { epochs: 20, learningRate: 0.1 },
    });
    const trainer = await load(task, 'cpu', { training: slopes(200, 1), validation: slopes(80, 2) });
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const judged = await trainer.evaluate(weights, 'validation');
    expect(judged).toMatchObject({ scoreKind: 'r-squared', accuracy: null, confusion: null });
    expect(judged.score).toBeGreaterThan(0.95);
    // One scaled unit is ten millimetres, and so is the root of the loss.
    const { rootMeanSquaredError, meanAbsoluteError } = judged.regression!;
    expect(rootMeanSquaredError).toBeCloseTo(10 * Math.sqrt(judged.loss!), 9);
    expect(meanAbsoluteError).toBeLessThan(rootMeanSquaredError);
  });

  const SERIES = { kind: 'series', columns: ['a', 'b'], windowRows: 16, strideRows: 8, labelColumn: 'state' };

  it('learns classes of windows of a series', async () => {
    const task = sampleTask({
      input: SERIES,
      classes: ['good', 'bad'],
      objective: { kind: 'classification', classWeights: 'balanced' },
      training: { epochs: 15, learningRate: 0.1 },
    });
    const trainer = await load(task, 'cpu', { training: waves(300, 1), validation: waves(100, 2) });
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const judged = await trainer.evaluate(weights, 'validation');
    expect(judged.scoreKind).toBe('balanced-accuracy');
    expect(judged.score).toBeGreaterThan(0.9);
    expect(judged.score).toBe(judged.balancedAccuracy);
    expect(judged.confusion!.map((row) => row[0]! + row[1]!)).toEqual([80, 20]);
  });

  it('learns the good ones alone, and finds what is unlike them', async () => {
    const task = sampleTask({
      input: { ...SERIES, labelColumn: undefined },
      classes: ['good', 'bad'],
      objective: { kind: 'anomaly', falseAlarmShare: 0.1 },
      model: { template: 'autoencoder', hiddenUnits: [12, 3] },
      training: { epochs: 60, learningRate: 0.2, momentum: 0.9 },
    });
    const trainer = await load(task, 'cpu', { training: waves(200, 1), validation: waves(100, 2) });
    const before = await trainer.evaluate(start(task), 'validation');
    const { weights, examples } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const after = await trainer.evaluate(weights, 'validation');
    expect(examples).toBe(160);
    expect(after.loss).toBeLessThan(before.loss! / 3);
    expect(after.scoreKind).toBe('auroc');
    expect(after.score).toBeGreaterThan(0.95);
    // One good example in ten may be taken for a bad one, by thresholds that other examples have chosen.
    expect(after.confusion![0]).toEqual([71, 9]);
  });

  it('gives bit-identical weights for the same seed on the plain backend, others for another', async () => {
    const task = sampleTask({ model: NORMALISED, training: { momentum: 0.5 } });
    const trainer = await load(task);
    const first = await trainer.train(start(task), { seed: 7 }, CONTROL);
    const again = await trainer.train(start(task), { seed: 7 }, CONTROL);
    const other = await trainer.train(start(task), { seed: 8 }, CONTROL);
    expect(again.weights).toEqual(first.weights);
    expect(again.loss).toBe(first.loss);
    expect(other.weights).not.toEqual(first.weights);
  });

  it.each([
    ['an MLP', sampleTask({ model: NORMALISED, training: { momentum: 0.5 } }), brightHalves(240, 1)],
    [
      'a small CNN',
      sampleTask({
        model: { template: 'small-cnn', filters: [4], denseUnits: 8 },
        training: { momentum: 0.5 },
      }),
      brightHalves(240, 1),
    ],
    [
      'a MobileNet',
      sampleTask({
        model: { template: 'mobilenet', filters: [3, 4], expansion: 2 },
        training: { epochs: 1, momentum: 0.5 },
      }),
      brightHalves(48, 1),
    ],
    ['a ResNet', WAVES, waves(48, 1)],
    [
      "a model of an engineer's own",
      // Gently: at a rate that overshoots, what the backends round differently grows with every step.
      sampleTask({
        model: { template: 'layers-model', topology: OWN_TOPOLOGY },
        training: { epochs: 1, learningRate: 0.02 },
      }),
      brightHalves(48, 1),
    ],
  ])(
    'gives the same weights on WebAssembly as in plain JavaScript for %s, within a tolerance',
    async (_name, task, training) => {
      const trained = [];
      for (const backend of ['cpu', 'wasm'] as const) {
        const trainer = await load(task, backend, { training, validation: training });
        trained.push((await trainer.train(start(task), { seed: 1 }, CONTROL)).weights);
        trainer.dispose();
        session = undefined;
      }
      const [plain, wasm] = trained;
      const worst = plain!.reduce((most, value, i) => Math.max(most, Math.abs(value - wasm![i]!)), 0);
      expect(worst).toBeLessThan(BACKEND_TOLERANCE);
    },
  );

  it('updates the running statistics of normalisation layers', async () => {
    const task = sampleTask({ model: NORMALISED });
    const trainer = await load(task);
    const { weights } = await trainer.train(start(task), { seed: 1 }, CONTROL);
    const statistics = weightLayout(task).tensors.filter(({ role }) => role === 'statistic');
    expect(statistics).toHaveLength(2);
    for (const { offset, size } of statistics) {
      expect(weights.subarray(offset, offset + size)).not.toEqual(
        start(task).subarray(offset, offset + size),
      );
    }
  });

  it('trains with the settings a round brings along', async () => {
    const task = sampleTask();
    const trainer = await load(task);
    const training = { ...task.training, epochs: 1, batchSize: 240 };
    const reports: RoundProgress[] = [];
    const control = { ...CONTROL, onProgress: (report: RoundProgress) => reports.push(report) };
    const { weights } = await trainer.train(start(task), { seed: 1, training }, control);
    expect(reports.at(-1)).toMatchObject({ epochs: 1, batches: 1 });
    const still = { ...training, learningRate: 1e-30 };
    expect((await trainer.train(weights, { seed: 1, training: still }, CONTROL)).weights).toEqual(weights);
  });

  it('leaves the weights it was given untouched', async () => {
    const task = sampleTask();
    const given = start(task);
    await (await load(task)).train(given, { seed: 1 }, CONTROL);
    expect(given).toEqual(start(task));
  });

  it('reports progress up to the last batch', async () => {
    const task = sampleTask();
    const reports: RoundProgress[] = [];
    await (await load(task)).train(
      start(task),
      { seed: 1 },
      { ...CONTROL, onProgress: (report) => reports.push(report) },
    );
    expect(reports.at(-1)).toMatchObject({ epoch: 2, epochs: 2, batch: 30, batches: 30 });
    expect(reports[0]).toMatchObject({ epoch: 1, batch: 1 });
  });

  it('is not thrown off by a set one image larger than a batch', async () => {
    // As a batch of its own, the one image would take a full step of a learning rate that suits hundreds.
    const task = sampleTask({ training: { epochs: 4, batchSize: 240, learningRate: 0.6, momentum: 0.5 } });
    const trainer = await load(task, 'cpu', { training: brightHalves(241, 1) });
    for (const seed of [1, 2, 3]) {
      const { weights } = await trainer.train(start(task), { seed }, CONTROL);
      expect((await trainer.evaluate(weights, 'validation')).accuracy).toBeGreaterThan(0.95);
    }
  });

  it('trains on a set that the batch size does not divide', async () => {
    const task = sampleTask({ training: { batchSize: 7 } });
    const trainer = await load(task, 'cpu', { training: brightHalves(15, 1) });
    const reports: RoundProgress[] = [];
    await trainer.train(
      start(task),
      { seed: 1 },
      { ...CONTROL, onProgress: (report) => reports.push(report) },
    );
    expect(reports.at(-1)).toMatchObject({ batch: 6, batches: 6 });
  });

  it('stops after the batch in which it is cancelled', async () => {
    const task = sampleTask({ training: { epochs: 100 } });
    const trainer = await load(task);
    let asked = 0;
    const cancelled = trainer.train(
      start(task),
      { seed: 1 },
      { ...CONTROL, isCancelled: () => ++asked === 3 },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'trainer/cancelled' });
    expect(asked).toBe(3);
  });

  it('says so when it diverges, and can go on from sound weights', async () => {
    const diverging = sampleTask({ training: { learningRate: 10, momentum: 0.999, epochs: 20 } });
    const columns = clouds(240, 1);
    const task = {
      ...diverging,
      input: { kind: 'table' as const, columns: ['x', 'y'], labelColumn: 'class' },
    };
    for (let i = 0; i < columns.inputs.length; i++) columns.inputs[i]! *= 1e18;
    const trainer = await load(task, 'cpu', { training: columns, validation: clouds(3, 1) });
    const before = memory().numTensors;
    await expect(trainer.train(start(task), { seed: 1 }, CONTROL)).rejects.toMatchObject({
      code: 'trainer/diverged',
    });
    expect(memory().numTensors).toBe(before);
    expect((await trainer.evaluate(start(task), 'validation')).examples).toBe(3);
  });

  it.each(['cpu', 'wasm'] as const)(
    'leaks nothing over 100 rounds on %s',
    { timeout: 60_000 },
    async (backend) => {
      const task = sampleTask({ model: NORMALISED, training: { momentum: 0.5, epochs: 1 } });
      const trainer = await load(task, backend, { training: brightHalves(32, 1) });
      let { weights } = await trainer.train(start(task), { seed: 0 }, CONTROL);
      const before = memory();
      for (let seed = 1; seed <= 100; seed++) {
        ({ weights } = await trainer.train(weights, { seed }, CONTROL));
        await trainer.evaluate(weights, 'validation');
      }
      const after = memory();
      expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
    },
  );
});

describe('evaluation', () => {
  it('gives null for an empty set and for a missing check set', async () => {
    const task = sampleTask();
    const trainer = await load(task, 'cpu', { validation: NO_EXAMPLES });
    const nothing = { accuracy: null, balancedAccuracy: null, score: null, loss: null, examples: 0 };
    expect(await trainer.evaluate(start(task), 'validation')).toMatchObject(nothing);
    expect(await trainer.evaluate(start(task), 'check')).toMatchObject(nothing);
  });

  it('gives ln(classes) and the share of the first class for weights of zero', async () => {
    const task = sampleTask();
    const trainer = await load(task, 'cpu', { validation: brightHalves(300, 3) });
    const result = await trainer.evaluate(new Float32Array(weightLayout(task).size), 'validation');
    expect(result.loss).toBeCloseTo(Math.log(3), 12);
    expect(result.accuracy).toBeCloseTo(1 / 3, 12);
  });

  it('refuses weights that are not numbers', async () => {
    const task = sampleTask();
    const broken = start(task).fill(Number.NaN);
    await expect((await load(task)).evaluate(broken, 'validation')).rejects.toMatchObject({
      code: 'trainer/diverged',
    });
  });
});
