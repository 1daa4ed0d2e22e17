/**
 * How fast this PC's graphics card trains LeNet-5 and VGG-11, against native TensorFlow on its processor: as the trainer
 * trains them, MNIST digits, ways taking turns in one run. For a PC with a card:
 *
 *     node bench/gpu-training.ts [--models lenet,vgg] [--turns 5]
 *
 * WebGPU on a card of any maker; also CUDA, where @tensorflow/tfjs-node-gpu is installed beside and finds its card.
 * Without a card it measures nothing and ends with 2. `--allow-imitated` takes a driver that only imitates a card, too,
 * with tiny models: that shows that the command works, and nothing about cards.
 */
import { parseArgs } from 'node:util';
import { AppError } from '@genba/shared/errors/app-error';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { pickExamples } from '../main/agent/dataset/examples.ts';
import { TrainerProcess } from '../main/agent/trainer/trainer-process.ts';
import type { BackendName, DeviceInfo, ExampleSet } from '../main/trainer/messages.ts';
import { DIGIT_SIDE, digitsTask, readDigits } from './digits.ts';
import { machine, machineLine, median, rounded } from './figures.ts';

/** Nothing was measured: this PC has no graphics card that calculates. */
const NO_CARD = 2;

const { values: choices } = parseArgs({
  options: {
    models: { type: 'string', default: 'lenet,vgg' },
    turns: { type: 'string', default: '5' },
    'allow-imitated': { type: 'boolean', default: false },
  },
});
const isTiny = choices['allow-imitated'];
const TURNS = Number(choices.turns);

interface Workload {
  readonly title: string;
  readonly model: object;
  /** Of the square pictures, pixels: digits get a black edge, or lose theirs. */
  readonly side: number;
  readonly batchSize: number;
  /** Per turn. */
  readonly examples: number;
}

const WORKLOADS: Record<string, Workload> = isTiny
  ? {
      lenet: {
        title: 'LeNet-5, tiny',
        model: { template: 'lenet-5' },
        side: 12,
        batchSize: 8,
        examples: 32,
      },
      vgg: {
        title: 'VGG-11, tiny',
        model: { template: 'vgg-11', widthShare: 0.03 },
        side: 32,
        batchSize: 4,
        examples: 16,
      },
    }
  : {
      lenet: {
        title: 'LeNet-5',
        model: { template: 'lenet-5' },
        side: 28,
        batchSize: 128,
        examples: 8192,
      },
      vgg: { title: 'VGG-11', model: { template: 'vgg-11' }, side: 32, batchSize: 128, examples: 1024 },
    };

/** A way to train. */
interface Way {
  readonly title: string;
  readonly backend: BackendName;
  /** With tfjs-node-gpu beside, the processor is only used where no card is to be seen. */
  readonly hidesCards: boolean;
}

const WAYS: readonly Way[] = [
  { title: 'native, processor', backend: 'tensorflow', hidesCards: true },
  { title: 'WebGPU', backend: 'webgpu', hidesCards: false },
  { title: 'CUDA', backend: 'tensorflow', hidesCards: false },
];

/** The digits in pictures of another size, in their middle. */
function framed({ inputs, labels }: ExampleSet, side: number): ExampleSet {
  const edge = Math.floor((side - DIGIT_SIDE) / 2);
  const pictures = new Uint8Array(labels.length * side ** 2);
  for (let place = 0; place < pictures.length; place++) {
    const row = Math.floor((place % side ** 2) / side) - edge;
    const column = (place % side) - edge;
    const isInside = row >= 0 && row < DIGIT_SIDE && column >= 0 && column < DIGIT_SIDE;
    const digit = Math.floor(place / side ** 2) * DIGIT_SIDE ** 2;
    if (isInside) pictures[place] = inputs[digit + row * DIGIT_SIDE + column]!;
  }
  return { inputs: pictures, labels };
}

interface Runner {
  readonly way: Way;
  readonly trainer: TrainerProcess;
  readonly device: DeviceInfo | null;
  readonly rates: number[];
}

/** The trainer's process, which keeps the environment that it starts in. */
function startTrainer({ hidesCards }: Way): TrainerProcess {
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  if (hidesCards) process.env.CUDA_VISIBLE_DEVICES = '-1';
  const trainer = new TrainerProcess();
  if (visible === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
  else process.env.CUDA_VISIBLE_DEVICES = visible;
  return trainer;
}

/** Starts a way to train; one sentence where this PC does not have it. */
async function start(way: Way, task: Task, training: ExampleSet): Promise<Runner | string> {
  const trainer = startTrainer(way);
  try {
    const validation = pickExamples(training, []);
    const load = { task, training, validation, check: null, backend: way.backend };
    const { device = null } = await trainer.load(load);
    const isCard = device !== null && (isTiny || !device.isSoftware);
    if (way.hidesCards || isCard) return { way, trainer, device, rates: [] };
    await trainer.close();
    if (device === null) return 'native TensorFlow found no NVIDIA card, or tfjs-node-gpu is not installed.';
    return `${device.name} only imitates a graphics card.`;
  } catch (thrown) {
    await trainer.close();
    if (!(thrown instanceof AppError)) throw thrown;
    return thrown.detail ?? thrown.message;
  }
}

async function race(workload: Workload, digits: ExampleSet) {
  const task = digitsTask(
    workload.model,
    { epochs: 1, batchSize: workload.batchSize, learningRate: 0.01 },
    workload.side,
  );
  const { size } = weightLayout(task);
  const chosen = pickExamples(digits, [...Array(workload.examples).keys()]);
  const training = framed(chosen, workload.side);
  const runners: Runner[] = [];
  const missing: string[] = [];
  for (const way of WAYS) {
    const started = await start(way, task, training);
    if (typeof started === 'string') missing.push(`${way.title}: ${started}`);
    else runners.push(started);
  }
  const weights = initialWeights(weightLayout(task), task.seed);
  const hasCard = runners.some(({ device }) => device !== null);
  // The first turn translates programs and warms up.
  for (let turn = 0; hasCard && turn <= TURNS; turn++) {
    for (const { trainer, rates } of runners) {
      const { durationMs } = await trainer.train(weights, { seed: turn });
      if (turn > 0) rates.push((1000 * workload.examples) / durationMs);
    }
  }
  for (const { trainer } of runners) await trainer.close();
  return { size, runners: hasCard ? runners : [], missing };
}

const names = choices.models.split(',');
const unknown = names.find((name) => WORKLOADS[name] === undefined);
if (unknown !== undefined) throw new Error(`--models: ${unknown} is none of ${Object.keys(WORKLOADS)}`);

const digits = await readDigits();
const rows = [];
const reasons = new Set<string>();
for (const name of names) {
  const workload = WORKLOADS[name]!;
  const { size, runners, missing } = await race(workload, digits);
  for (const reason of missing) reasons.add(reason);
  const native = runners.find(({ device }) => device === null);
  for (const { way, device, rates } of runners) {
    const ratios = rates.map((rate, turn) => rate / (native?.rates[turn] ?? Number.NaN));
    rows.push({
      model: workload.title,
      parameters: size,
      way: way.title,
      device: device === null ? machine().model : `${device.name} (${device.driver})`,
      'examples/s': Math.round(median(rates)),
      'times native on the processor': native === undefined ? null : rounded(median(ratios), 3),
    });
  }
  if (runners.length === 0) break;
}
if (rows.length === 0) {
  console.error('No graphics card was found that calculates. Nothing was measured.');
  for (const reason of reasons) console.error(`  ${reason}`);
  console.error(
    'Next: install the driver of the card’s maker (on Linux also libvulkan1), start a session at the PC itself and not\n' +
      'a remote one, and run this again; docs/gpu.md says more. Only to see that the command works: --allow-imitated.',
  );
  process.exitCode = NO_CARD;
} else {
  console.log(
    `${machineLine()}, ${TURNS} turns${isTiny ? '; tiny models, which say nothing about cards' : ''}`,
  );
  console.table(rows);
  for (const reason of reasons) console.log(`not measured: ${reason}`);
}
console.log(
  JSON.stringify({ bench: 'gpu-training', machine: machine(), isTiny, rows, missing: [...reasons] }),
);
