/**
 * How fast native TensorFlow trains in the product, against TensorFlow in Python, and PyTorch where one is named: the
 * same models, MNIST digits, batches and cores of this PC, taking turns in one run. The peers train on arrays in memory,
 * as an engineer would write it: Keras' `fit`; a loop over shuffled batches with PyTorch.
 *
 *     GENBA_PYTHON=/path/to/venv/bin/python node bench/python-training.ts
 *     … --pytorch /path/to/another/venv/bin/python --models lenet,mobilenet --turns 9
 *
 * needs a Python with the package tensorflow or tensorflow-cpu; `--pytorch` one with torch.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { layersModelJson } from '@genba/shared/model-export/layers-model';
import { pickExamples } from '../main/agent/dataset/examples.ts';
import { TrainerProcess } from '../main/agent/trainer/trainer-process.ts';
import type { ExampleSet } from '../main/trainer/messages.ts';
import { digitsTask, readDigits } from './digits.ts';
import { machine, machineLine, median, quantile, rounded } from './figures.ts';
import { type PythonPeer, startPeer } from './python-peer.ts';

const BATCH_SIZE = 128;
/** The product may take so many times as long as a peer. */
const BUDGET = 1.3;

const { values: choices } = parseArgs({
  options: {
    models: { type: 'string', default: 'mlp,cnn,lenet,mobilenet' },
    turns: { type: 'string', default: '7' },
    pytorch: { type: 'string' },
  },
});
const TURNS = Number(choices.turns);

interface Workload {
  readonly title: string;
  readonly model: object;
  /** Per turn, about a second's worth. */
  readonly examples: number;
  readonly epochs: number;
}

const WORKLOADS: Record<string, Workload> = {
  mlp: { title: 'MLP 784-128-10', model: { template: 'mlp', hiddenUnits: [128] }, examples: 8192, epochs: 6 },
  cnn: {
    title: 'CNN 8-16 filters, 64 units',
    model: { template: 'small-cnn', filters: [8, 16], denseUnits: 64 },
    examples: 4096,
    epochs: 4,
  },
  lenet: { title: 'LeNet-5', model: { template: 'lenet-5' }, examples: 4096, epochs: 3 },
  mobilenet: {
    title: 'MobileNet, 8-16-32 filters',
    model: { template: 'mobilenet', filters: [8, 16, 32], blocks: 1, expansion: 2, stemStrides: 1 },
    examples: 1024,
    epochs: 2,
  },
};

/** Examples per second of the product and of each peer, by turns. */
async function race(workload: Workload, digits: ExampleSet, peers: readonly PythonPeer[]) {
  const { title, examples, epochs } = workload;
  const task = digitsTask(workload.model, { epochs: workload.epochs, batchSize: BATCH_SIZE });
  const layout = weightLayout(task);
  const origin = { version: 0, digest: '', createdAt: '', generatedBy: '' };
  const { modelTopology: topology } = layersModelJson(task, origin, { hasSoftmax: false });
  const { learningRate, momentum } = task.training;
  for (const { name, ask } of peers) {
    const order = { do: 'model', name: title, topology, learningRate, momentum };
    const parameters = Number(await ask(order));
    if (parameters !== layout.size)
      throw new Error(`${title}: ${parameters} parameters with ${name}, ${layout.size} here`);
  }
  const trainer = new TrainerProcess();
  const training = pickExamples(digits, [...Array(examples).keys()]);
  const load = { task, training, validation: pickExamples(digits, []), check: null };
  await trainer.load({ ...load, backend: 'tensorflow' });
  let weights = initialWeights(layout, task.seed);
  const product: number[] = [];
  const rates = peers.map((): number[] => []);
  for (let turn = 0; turn <= TURNS; turn++) {
    const round = await trainer.train(weights, { seed: turn });
    weights = round.weights;
    const order = { do: 'train', name: title, examples, epochs, batchSize: BATCH_SIZE };
    const peersRates: number[] = [];
    for (const { ask } of peers) peersRates.push(Number(await ask(order)));
    // The first turn translates programs and warms up.
    if (turn === 0) continue;
    product.push((1000 * examples * epochs) / round.durationMs);
    for (const [index, rate] of peersRates.entries()) rates[index]!.push(rate);
  }
  await trainer.close();
  return { parameters: layout.size, product, rates };
}

const chosen = choices.models.split(',').map((name) => {
  const workload = WORKLOADS[name];
  if (workload === undefined) throw new Error(`--models: ${name} is none of ${Object.keys(WORKLOADS)}`);
  return workload;
});
const peers = [await startPeer(process.env.GENBA_PYTHON ?? 'python3', 'tensorflow-peer.py')];
if (choices.pytorch !== undefined) peers.push(await startPeer(choices.pytorch, 'pytorch-peer.py'));

const folder = await mkdtemp(join(os.tmpdir(), 'genba-python-'));
const digits = await readDigits();
const inputs = join(folder, 'inputs.f32');
const labels = join(folder, 'labels.u16');
await writeFile(
  inputs,
  Float32Array.from(digits.inputs, (pixel) => pixel / 255),
);
await writeFile(labels, digits.labels);
for (const { ask } of peers) await ask({ do: 'data', inputs, labels, shape: [28, 28, 1] });
await rm(folder, { recursive: true });

console.log(`${machineLine()}, batches of ${BATCH_SIZE}, ${TURNS} turns`);
const rows = [];
for (const workload of chosen) {
  const { parameters, product, rates } = await race(workload, digits, peers);
  for (const [index, { name }] of peers.entries()) {
    const ratios = product.map((rate, turn) => rates[index]![turn]! / rate);
    const ratio = median(ratios);
    rows.push({
      model: workload.title,
      parameters,
      'Genba, examples/s': Math.round(median(product)),
      peer: name,
      'examples/s': Math.round(median(rates[index]!)),
      'time, times the peer': rounded(ratio),
      'middle half of the turns': `${rounded(quantile(ratios, 0.25))} to ${rounded(quantile(ratios, 0.75))}`,
      [`within ${BUDGET} ×`]: ratio <= BUDGET,
    });
  }
}
for (const { close } of peers) await close();
console.table(rows);
console.log(JSON.stringify({ bench: 'python-training', machine: machine(), batchSize: BATCH_SIZE, rows }));
