/**
 * How fast each backend trains, on the same models and the same MNIST digits in one run:
 * `node bench/native-training.ts`. Prints a table, and the figures as JSON on the last line.
 * Budget: native TensorFlow at least ten times as fast as plain JavaScript.
 */
import { cpus } from 'node:os';
import { AppError } from '@genba/shared/errors/app-error';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { pickExamples } from '../main/agent/dataset/examples.ts';
import { TrainerProcess } from '../main/agent/trainer/trainer-process.ts';
import type { BackendName, ExampleSet } from '../main/trainer/messages.ts';
import { digitsTask, readDigits } from './digits.ts';

const BATCH_SIZE = 128;
/** Passes that count; in each, every backend trains for at least PASS_MS milliseconds, one after the other. */
const PASSES = 3;
const PASS_MS = 1_500;
/** Native over plain JavaScript. */
const BUDGET_RATIO = 10;

interface Workload {
  readonly name: string;
  readonly model: object;
  /** Examples per round: enough for a steady rate, few enough for the slowest backend. */
  readonly examples: Record<BackendName, number>;
}

const WORKLOADS: readonly Workload[] = [
  {
    name: 'MLP 784-128-10',
    model: { template: 'mlp', hiddenUnits: [128] },
    examples: { tensorflow: 8192, webgpu: 2048, wasm: 2048, cpu: 1024 },
  },
  {
    name: 'CNN 8-16 filters, 64 units',
    model: { template: 'small-cnn', filters: [8, 16], denseUnits: 64 },
    examples: { tensorflow: 2048, webgpu: 512, wasm: 512, cpu: 128 },
  },
];

interface Figure {
  readonly workload: string;
  readonly backend: BackendName;
  /** Median over the rounds; null where the backend cannot train the model. */
  readonly examplesPerSecond: number | null;
  readonly note: string | null;
}

interface Runner {
  readonly backend: BackendName;
  /** In a process of its own, as in the product: backends that share one also share its compiler's guesses. */
  readonly trainer: TrainerProcess;
  readonly rates: number[];
}

/** Trains rounds for one pass; gives their rates, examples per second. */
async function runPass({ trainer }: Runner, startWeights: Float32Array): Promise<number[]> {
  const rates: number[] = [];
  let weights = startWeights;
  const startedAt = performance.now();
  do {
    const round = await trainer.train(weights, { seed: rates.length });
    weights = round.weights;
    rates.push((round.examples / round.durationMs) * 1000);
  } while (performance.now() - startedAt < PASS_MS);
  return rates;
}

/** All backends on one model, taking turns, so that whatever else the machine does hits them alike. */
async function compare(workload: Workload, digits: ExampleSet): Promise<Figure[]> {
  const task = digitsTask(workload.model, { epochs: 1, batchSize: BATCH_SIZE });
  const weights = initialWeights(weightLayout(task), task.seed);
  const figures: Figure[] = [];
  const runners: Runner[] = [];
  for (const backend of ['tensorflow', 'wasm', 'cpu'] as const) {
    const trainer = new TrainerProcess();
    const training = pickExamples(digits, [...Array(workload.examples[backend]).keys()]);
    try {
      await trainer.load({ task, training, validation: pickExamples(digits, []), check: null, backend });
      runners.push({ backend, trainer, rates: [] });
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      figures.push({
        workload: workload.name,
        backend,
        examplesPerSecond: null,
        note: thrown.detail ?? null,
      });
      await trainer.close();
    }
  }
  for (let pass = 0; pass <= PASSES; pass++) {
    for (const runner of runners) {
      const rates = await runPass(runner, weights);
      // The first pass warms up kernels and caches and does not count.
      if (pass > 0) runner.rates.push(...rates);
    }
  }
  for (const { backend, trainer, rates } of runners) {
    await trainer.close();
    const median = rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)]!;
    figures.push({ workload: workload.name, backend, examplesPerSecond: median, note: null });
  }
  return figures;
}

const digits = await readDigits();
const figures: Figure[] = [];
for (const workload of WORKLOADS) figures.push(...(await compare(workload, digits)));

const rateOf = (workload: string, backend: BackendName) =>
  figures.find((figure) => figure.workload === workload && figure.backend === backend)?.examplesPerSecond ??
  null;
const rows = figures.map(({ workload, backend, examplesPerSecond, note }) => {
  const plain = rateOf(workload, 'cpu');
  return {
    workload,
    backend,
    'examples/s': examplesPerSecond === null ? '-' : Math.round(examplesPerSecond),
    'times plain JavaScript':
      examplesPerSecond && plain ? Number((examplesPerSecond / plain).toFixed(1)) : '-',
    note: note ?? '',
  };
});
const ratios = WORKLOADS.map(({ name }) => {
  const native = rateOf(name, 'tensorflow');
  const plain = rateOf(name, 'cpu');
  return { workload: name, nativeOverPlain: native && plain ? native / plain : null };
});
console.log(`MNIST, batches of ${BATCH_SIZE}, ${cpus().length} cores, Node ${process.versions.node}`);
console.table(rows);
for (const { workload, nativeOverPlain } of ratios) {
  const verdict = nativeOverPlain === null ? 'not measured' : `${nativeOverPlain.toFixed(1)} times`;
  console.log(`${workload}: native over plain JavaScript ${verdict} (budget: at least ${BUDGET_RATIO})`);
}
console.log(JSON.stringify({ bench: 'native-training', batchSize: BATCH_SIZE, figures, ratios }));
