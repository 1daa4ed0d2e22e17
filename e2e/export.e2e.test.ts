import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { parseTask, type Task } from '@genba/shared/model/task';
import { dispose, type io, setBackend, softmax, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { exportModel } from '@genba/aggregator-server/operations/export-model';
import { bytesOf, weightsOf } from '@genba/aggregator-server/testing/fixtures';
import { mergedFolder } from '@genba/aggregator-server/testing/merged-folder';
import { temporaryFolder } from '@genba/aggregator-server/testing/temporary-folder';
import { OWN_TOPOLOGY, seriesTopology } from '@genba/main/trainer/fixtures';
import { buildModel } from '@genba/main/trainer/model';
import { installWeights } from '@genba/main/trainer/weights';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeIfAvailable, pythonPath } from '../tools/requirements.ts';

const EXAMPLES = 5;
/** Keras adds up in another order, and so does each of its backends. */
const KERAS_TOLERANCE = 1e-5;

const image = { kind: 'image', width: 9, height: 8, channels: 3 };
const table = { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'label' };
const series = { kind: 'series', columns: ['x', 'y'], windowRows: 15, strideRows: 5, labelColumn: 'label' };
const MODELS: [string, object, object][] = [
  ['mlp on a table', table, { template: 'mlp', hiddenUnits: [6, 4] }],
  ['mlp without a hidden layer', image, { template: 'mlp', hiddenUnits: [] }],
  ['mlp on images, normalised', image, { template: 'mlp', hiddenUnits: [7], batchNormalisation: true }],
  ['small-cnn', image, { template: 'small-cnn', filters: [3], denseUnits: 6 }],
  ['lenet-5', { ...image, width: 15, height: 12 }, { template: 'lenet-5' }],
  [
    'vgg-11, narrow',
    { ...image, width: 32, height: 35 },
    { template: 'vgg-11', widthShare: 0.02, batchNormalisation: true },
  ],
  [
    'small-cnn, normalised',
    image,
    { template: 'small-cnn', filters: [4, 5], denseUnits: 6, batchNormalisation: true },
  ],
  [
    'mobilenet',
    { ...image, width: 17, height: 12 },
    { template: 'mobilenet', filters: [4, 6, 5], blocks: 2, expansion: 2 },
  ],
  ["a model of an engineer's own", image, { template: 'layers-model', topology: OWN_TOPOLOGY }],
  [
    "a model of an engineer's own, with a memory",
    series,
    { template: 'layers-model', topology: seriesTopology(3) },
  ],
  ['resnet-1d', series, { template: 'resnet-1d', filters: [3, 4, 5], blocks: 2, kernelSize: 4 }],
];

/** What reconstructs its inputs: it has no probabilities. */
const RECONSTRUCTIONS: typeof MODELS = [
  ['autoencoder', image, { template: 'autoencoder', hiddenUnits: [5, 2] }],
  ['conv-autoencoder', { ...image, width: 12 }, { template: 'conv-autoencoder', filters: [4, 3] }],
];

function taskOf(input: object, model: object): Task {
  return parseTask({ id: 'out', name: { en: 'Out', ja: '外' }, input, classes: ['a', 'b', 'c'], model });
}

function anomalyTaskOf(input: object, model: object): Task {
  const objective = { kind: 'anomaly' };
  return parseTask({
    id: 'out',
    name: { en: 'Out', ja: '外' },
    input,
    classes: ['a', 'b'],
    objective,
    model,
  });
}

/** Reads an exported folder as any user of TensorFlow.js on Node would. */
function fromFolder(folder: string): io.IOHandler {
  return {
    load: async () => {
      const { modelTopology, weightsManifest, userDefinedMetadata, format } = JSON.parse(
        await readFile(join(folder, 'model.json'), 'utf8'),
      ) as io.ModelJSON;
      const bytes = await readFile(join(folder, weightsManifest[0]!.paths[0]!));
      const weightData = new Uint8Array(bytes).buffer;
      const weightSpecs = weightsManifest[0]!.weights;
      return { modelTopology, weightSpecs, weightData, userDefinedMetadata, format };
    },
  };
}

/** Gives a model the weights that an aggregator's data folder keeps under a digest. */
async function installStored(
  model: LayersModel,
  task: Task,
  dataFolder: string,
  digest: string,
): Promise<void> {
  const stored = await readFile(join(dataFolder, 'weights', digest.slice(0, 2), digest));
  installWeights(model, weightLayout(task), weightsOf(stored));
}

function examplesFor(model: LayersModel): Tensor {
  const random = seededRandom(3);
  const shape = [EXAMPLES, ...(model.inputs[0]!.shape.slice(1) as number[])];
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random()),
    shape,
  );
}

function predictions(model: LayersModel, examples: Tensor): Float32Array {
  return tidy(() => (model.predict(examples) as Tensor).dataSync<'float32'>());
}

beforeAll(async () => {
  await setBackend('cpu');
});

describe('an exported model', () => {
  it.each(MODELS)('predicts in TensorFlow.js exactly as in the trainer: %s', async (_name, input, model) => {
    const task = taskOf(input, model);
    const dataFolder = await mergedFolder({ task, updates: 2 });
    const to = join(await temporaryFolder(), 'model');
    const { digest, version } = await exportModel({ dataFolder, taskId: task.id, to, hasSoftmax: false });
    expect(version).toBe(2);
    const loaded = await loadLayersModel(fromFolder(to));
    const trainers = buildModel(task);
    await installStored(trainers, task, dataFolder, digest);

    const examples = examplesFor(trainers);
    expect(predictions(loaded, examples)).toEqual(predictions(trainers, examples));
    const probable = join(await temporaryFolder(), 'model');
    await exportModel({ dataFolder, taskId: task.id, to: probable });
    const withSoftmax = await loadLayersModel(fromFolder(probable));
    const expected = tidy(() => softmax(trainers.predict(examples) as Tensor).dataSync<'float32'>());
    expect(predictions(withSoftmax, examples)).toEqual(expected);
    expect(withSoftmax.getUserDefinedMetadata()).toMatchObject({
      task: 'out',
      version: 2,
      digest,
      classes: ['a', 'b', 'c'],
      output: 'probabilities',
    });

    // What plays no part in predicting, but in training on.
    const settings = (of: LayersModel) =>
      of.layers
        .filter((layer) => layer.getClassName() === 'BatchNormalization')
        .map((layer) => layer.getConfig())
        .map(({ axis, momentum, epsilon, center, scale }) => ({ axis, momentum, epsilon, center, scale }));
    expect(settings(loaded)).toEqual(settings(trainers));
    dispose(examples);
    for (const used of [loaded, trainers, withSoftmax]) used.dispose();
  });

  it.each(RECONSTRUCTIONS)(
    'reconstructs in TensorFlow.js exactly as in the trainer: %s',
    async (_name, input, model) => {
      const task = anomalyTaskOf(input, model);
      const dataFolder = await mergedFolder({ task, updates: 2 });
      const to = join(await temporaryFolder(), 'model');
      const { digest } = await exportModel({ dataFolder, taskId: task.id, to });
      const loaded = await loadLayersModel(fromFolder(to));
      const trainers = buildModel(task);
      await installStored(trainers, task, dataFolder, digest);
      const examples = examplesFor(trainers);
      expect(predictions(loaded, examples)).toEqual(predictions(trainers, examples));
      dispose(examples);
      for (const used of [loaded, trainers]) used.dispose();
    },
  );
});

/** What Keras says of one file; see keras-predictions.py. */
interface KerasAnswer {
  readonly names: readonly string[];
  readonly isSound: boolean;
  readonly metadata: { readonly genba: object };
  readonly parameters: number;
  readonly normalisations: readonly object[];
}

interface KerasJob {
  readonly model: string;
  readonly examples: string;
  readonly shape: readonly number[];
  readonly predictions: string;
}

/** One Python for all files: Keras takes seconds to load. */
async function askKeras(jobs: readonly KerasJob[]): Promise<KerasAnswer[]> {
  const script = join(import.meta.dirname, 'keras-predictions.py');
  const child = spawn(pythonPath(), [script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  child.stdin.end(jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
  const [out, complaints, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(complaints);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as KerasAnswer);
}

describeIfAvailable('keras', 'a model exported for Keras', () => {
  it('predicts in Python as in the trainer, every template, as logits, as probabilities and as reconstructions', {
    timeout: 240_000,
  }, async () => {
    const folder = await temporaryFolder();
    const jobs: KerasJob[] = [];
    const expected: { predictions: Float32Array; parameters: number; notes: object; layers: number }[] = [];
    const tasks = [
      ...MODELS.map(([, input, model]) => ({
        task: taskOf(input, model),
        outputs: ['logits', 'probabilities'],
      })),
      ...RECONSTRUCTIONS.map(([, input, model]) => ({
        task: anomalyTaskOf(input, model),
        outputs: ['the inputs again'],
      })),
    ];
    for (const [index, { task, outputs }] of tasks.entries()) {
      const dataFolder = await mergedFolder({ task, updates: 2 });
      const trainers = buildModel(task);
      const examples = examplesFor(trainers);
      const examplesPath = join(folder, `examples-${index}.f32`);
      await writeFile(examplesPath, bytesOf(examples.dataSync<'float32'>()));
      for (const output of outputs) {
        const hasSoftmax = output === 'probabilities';
        const to = join(folder, `モデル ${index} ${hasSoftmax ? '確率' : output}`);
        const { digest } = await exportModel({
          dataFolder,
          taskId: task.id,
          to,
          hasSoftmax,
          format: 'keras',
        });
        expect(await readdir(to)).toEqual(['model.keras']);
        await installStored(trainers, task, dataFolder, digest);
        const predicted = tidy(() => {
          const logits = trainers.predict(examples) as Tensor;
          return (hasSoftmax ? softmax(logits) : logits).dataSync<'float32'>();
        });
        const predictions = join(folder, `predictions-${jobs.length}.f32`);
        jobs.push({
          model: join(to, 'model.keras'),
          examples: examplesPath,
          shape: examples.shape,
          predictions,
        });
        expected.push({
          predictions: predicted,
          parameters: trainers.countParams(),
          notes: { task: 'out', version: 2, digest, output, classes: task.classes },
          layers: trainers.layers.filter((layer) => layer.getClassName() === 'BatchNormalization').length,
        });
      }
      dispose(examples);
      trainers.dispose();
    }

    const answers = await askKeras(jobs);
    expect(answers).toHaveLength(jobs.length);
    for (const [index, { names, isSound, metadata, parameters, normalisations }] of answers.entries()) {
      const { predictions, parameters: ours, notes, layers } = expected[index]!;
      const found = weightsOf(await readFile(jobs[index]!.predictions));
      expect(found).toHaveLength(predictions.length);
      found.forEach((value, at) => {
        const wanted = predictions[at]!;
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(KERAS_TOLERANCE * Math.max(1, Math.abs(wanted)));
      });
      expect({ names, isSound }).toEqual({
        names: ['metadata.json', 'config.json', 'model.weights.h5'],
        isSound: true,
      });
      expect(parameters).toBe(ours);
      expect(metadata.genba).toMatchObject(notes);
      // What plays no part in predicting, but in training on.
      const settings = { axis: -1, momentum: 0.9, epsilon: 0.001, center: true, scale: true };
      expect(normalisations).toEqual(Array.from({ length: layers }, () => settings));
    }
  });
});
