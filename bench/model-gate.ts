/**
 * What judging the three models after a sync costs beside a round of training, on MNIST digits, as the agent does it:
 * `node bench/model-gate.ts`. Prints a table, and the figures as JSON on the last line.
 * Budget: where a sync follows every round, judging takes at most a tenth of the time of training.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { pickExamples } from '../main/agent/dataset/examples.ts';
import { PlantModels } from '../main/agent/model/plant-models.ts';
import { ClientStore } from '../main/agent/store/client-store.ts';
import { openAgentDatabase } from '../main/agent/store/database.ts';
import { Outbox } from '../main/agent/store/outbox.ts';
import { TrainerProcess } from '../main/agent/trainer/trainer-process.ts';
import { digitsTask, readDigits } from './digits.ts';
import { machine, machineLine, median, rounded } from './figures.ts';

/** As the task's default divides a plant's data. */
const TRAINING = 4000;
const VALIDATION = 1000;
const SYNCS = 5;
/** Time of judging over that of training. */
const BUDGET_SHARE = 0.1;

const WORKLOADS = [
  { name: 'MLP 784-128-10', model: { template: 'mlp', hiddenUnits: [128] } },
  { name: 'CNN 8-16 filters, 64 units', model: { template: 'small-cnn', filters: [8, 16], denseUnits: 64 } },
];

interface Figure {
  readonly workload: string;
  /** Medians over the syncs, milliseconds. */
  readonly trainingMs: number;
  readonly judgingMs: number;
  /** Judging the round itself, as it was before there were three models. */
  readonly roundJudgingMs: number;
  readonly share: number;
}

async function readPlant() {
  const digits = await readDigits();
  const places = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
  return {
    training: pickExamples(digits, places(0, TRAINING)),
    validation: pickExamples(digits, places(TRAINING, VALIDATION)),
    check: null,
  };
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

/** Rounds with a sync after each: the reply is the round's weights moved a little, and the shared model is another. */
async function measure({ name, model }: (typeof WORKLOADS)[number]): Promise<Figure> {
  const task = digitsTask(model, { epochs: 3, batchSize: 32 });
  const folder = mkdtempSync(join(tmpdir(), 'genba-bench-'));
  const database = openAgentDatabase(folder);
  const trainer = new TrainerProcess();
  try {
    await trainer.load({ task, backend: null, ...(await readPlant()) });
    const client = new ClientStore(database);
    const outbox = new Outbox(database);
    const models = new PlantModels(database, () => {});
    client.saveTask(task);
    const from = { globalVersion: 0, staleness: null };
    const evaluate = (weights: Float32Array) => trainer.evaluate(weights, 'validation');
    const judging = { evaluate, examplesVersion: 1, picturesAt: () => [] };
    client.install({
      ...from,
      baseId: 'b0',
      updateId: null,
      weights: initialWeights(weightLayout(task), task.seed),
    });
    await models.judge(judging);
    const times: Record<'trainingMs' | 'judgingMs' | 'roundJudgingMs', number[]> = {
      trainingMs: [],
      judgingMs: [],
      roundJudgingMs: [],
    };
    for (let sync = 1; sync <= SYNCS; sync++) {
      const startWeights = client.weights()!;
      const round = await timed(() => trainer.train(startWeights, { seed: sync }));
      const { weights: trainedWeights, loss, examples, durationMs } = round.result;
      const validation = await timed(() => evaluate(trainedWeights));
      const figures = {
        validationAccuracy: validation.result.accuracy,
        scores: null,
        backend: 'bench',
      };
      client.commitRound({ startWeights, trainedWeights, loss, examples, durationMs, ...figures });
      const base = client.base()!;
      const considered = await timed(() =>
        models.considerRound(trainedWeights, validation.result, { ...base, round: sync }, judging),
      );
      const { updateId } = outbox.next()!;
      const weights = trainedWeights.map((weight) => weight * 0.999);
      client.install({ ...from, baseId: `b${sync}`, updateId, weights });
      client.keepShared(
        `b${sync}`,
        sync,
        trainedWeights.map((weight) => weight * 0.99),
      );
      const judged = await timed(() => models.judge(judging));
      times.trainingMs.push(round.ms);
      times.roundJudgingMs.push(validation.ms);
      times.judgingMs.push(considered.ms + judged.ms);
    }
    const [trainingMs, judgingMs, roundJudgingMs] = [
      median(times.trainingMs),
      median(times.judgingMs),
      median(times.roundJudgingMs),
    ];
    return { workload: name, trainingMs, judgingMs, roundJudgingMs, share: judgingMs / trainingMs };
  } finally {
    await trainer.close();
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const figures: Figure[] = [];
for (const workload of WORKLOADS) figures.push(await measure(workload));
console.log(`${machineLine()}\n${TRAINING} digits learnt, ${VALIDATION} held out, a sync after each round`);
console.table(
  figures.map(({ workload, trainingMs, judgingMs, roundJudgingMs, share }) => ({
    workload,
    'a round of training, ms': rounded(trainingMs, 0),
    'judging the round, ms': rounded(roundJudgingMs, 0),
    'judging the three, ms': rounded(judgingMs, 0),
    'share of training': rounded(share, 3),
    budget: share <= BUDGET_SHARE ? 'kept' : 'missed',
  })),
);
console.log(JSON.stringify({ machine: machine(), figures }));
