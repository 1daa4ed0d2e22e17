/**
 * How long it takes until training goes on: `node bench/restart.ts [TURNS] [PHOTOS]`, Linux only.
 * Budget: 5 seconds each.
 *
 * After `kill -9` of the agent: from the start of the next process (whoever watches over the agent starts it; a trainer
 * left alone ends by itself) to the first batch it tells its windows. After `kill -9` of the trainer: from the kill to
 * the first batch of the new one. And after a pause: from the command to the first batch.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTask } from '@genba/shared/model/task';
import { machine, machineLine, median, rounded } from './figures.ts';
import { startPhotoServer } from './photo-server.ts';
import { PlantProcess } from './plant-process.ts';

const TURNS = Number(process.argv[2] ?? 10);
const PHOTOS = Number(process.argv[3] ?? 5000);
const BUDGET_SECONDS = 5;

const TASK = parseTask({
  id: 'restart',
  name: { en: 'Restart', ja: '再開' },
  input: { kind: 'image', width: 64, height: 64, channels: 3 },
  classes: ['ok', 'ng'],
  training: { epochs: 100, batchSize: 64 },
  model: { template: 'small-cnn', filters: [8, 16], denseUnits: 32 },
});

/** Waits for a batch, by a round of this very moment; @returns when, `performance.now()` */
async function untilBatch(plant: PlantProcess, after: string): Promise<number> {
  for (const startedAt = performance.now(); performance.now() - startedAt < 600_000; await delay(5)) {
    const round = (await plant.status())?.round;
    if (round != null && round.batch > 0 && round.startedAt >= after) return performance.now();
  }
  throw new Error('no batch in ten minutes');
}

const root = await mkdtemp(join(tmpdir(), 'genba-bench-restart-'));
let plant: PlantProcess | null = null;
try {
  console.log(machineLine());
  const photoServer = { task: TASK, photoCount: PHOTOS };
  const { aggregator, agentArgs } = await startPhotoServer(root, photoServer);
  const seconds: Record<'agent killed' | 'trainer killed' | 'resumed', number[]> = {
    'agent killed': [],
    'trainer killed': [],
    resumed: [],
  };
  const firstAt = performance.now();
  plant = PlantProcess.start(join(root, 'plant'), agentArgs);
  const firstSeconds = ((await untilBatch(plant, '')) - firstAt) / 1000;
  for (let turn = 0; turn < TURNS; turn++) {
    await plant.end('SIGKILL');
    const startedAt = performance.now();
    const at = new Date().toISOString();
    plant = PlantProcess.start(join(root, 'plant'), []);
    seconds['agent killed'].push(((await untilBatch(plant, at)) - startedAt) / 1000);

    const killedAt = performance.now();
    const trainerEnd = new Date().toISOString();
    process.kill(plant.trainerPid()!, 'SIGKILL');
    seconds['trainer killed'].push(((await untilBatch(plant, trainerEnd)) - killedAt) / 1000);

    await plant.pause();
    await delay(1_000);
    const resumedAt = performance.now();
    const resume = new Date().toISOString();
    await plant.resume();
    seconds.resumed.push(((await untilBatch(plant, resume)) - resumedAt) / 1000);
  }
  await plant.end('SIGTERM');
  await aggregator.close();
  const rows = Object.entries(seconds).map(([what, values]) => ({
    what,
    turns: values.length,
    'min [s]': rounded(Math.min(...values)),
    'median [s]': rounded(median(values)),
    'max [s]': rounded(Math.max(...values)),
  }));
  console.table(rows);
  const longest = Math.max(...Object.values(seconds).flat());
  console.log(
    `the first start of all, which decodes the photos: ${rounded(firstSeconds, 1)} s; ` +
      `longest ${rounded(longest)} s, budget ${BUDGET_SECONDS} s: ${longest < BUDGET_SECONDS ? 'kept' : 'missed'}`,
  );
  const figures = { photos: PHOTOS, firstSeconds, seconds };
  console.log(
    JSON.stringify({ bench: 'restart', machine: machine(), budgetSeconds: BUDGET_SECONDS, ...figures }),
  );
} finally {
  await plant?.end('SIGKILL');
  await rm(root, { recursive: true, force: true });
}
