/**
 * Updates of a 1 M-parameter model (4 MB) through a real server over loopback: offered, receipted, merged, answered,
 * installed; against what the same bytes both ways with the same files, syncs and commits cost a program that does
 * nothing else: `node bench/end-to-end.ts`. Server, limit and plants are processes of their own. Prints tables, and the
 * figures as JSON on the last line. Budget: at least half of the limit.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { weightLayout } from '@genba/shared/model/layout';
import type { EngineStep } from '../aggregator-server/engine/steps.ts';
import { benchTask } from './bench-task.ts';
import { machine, machineLine, median, quantile, rounded } from './figures.ts';
import { RawLimit } from './raw-limit.ts';
import {
  nowMs,
  type PreparedUpdate,
  preparedUpdate,
  ReportingPlant,
  type ReportTimes,
} from './reporting-plant.ts';
import { ServerProcess } from './server-process.ts';

/** How many plants report at once, each its next update as soon as it has installed the reply. */
const PLANT_COUNTS = [1, 4];
/** Updates of a turn, by all plants together. */
const UPDATES_PER_TURN = 12;
const TURNS = 9;
const WARM_UP_TURNS = 1;
/** Updates made beforehand per plant, sent in turn. */
const VARIANTS = 2;
const BUDGET = 0.5;

const LENGTH = weightLayout(benchTask('1 M')).size;
const SIZE_BYTES = LENGTH * Float32Array.BYTES_PER_ELEMENT;

/** Milliseconds per update of the limit and of the server, and their ratio turn by turn. */
interface Figure {
  readonly plants: number;
  readonly limitMs: number;
  readonly serverMs: number;
  readonly ofLimit: number;
  /** The middle half of the turns. */
  readonly spread: readonly [number, number];
  /** Processor time per update of the two processes, without the plants'. */
  readonly limitCpuMs: number;
  readonly serverCpuMs: number;
}

interface Reporter {
  report(update: PreparedUpdate): Promise<unknown>;
}

/** Lets all report until the turn's updates are through. @returns milliseconds per update */
async function turnOf(reporters: readonly Reporter[], updates: readonly PreparedUpdate[]): Promise<number> {
  const each = UPDATES_PER_TURN / reporters.length;
  const startedAt = nowMs();
  await Promise.all(
    reporters.map(async (reporter, plant) => {
      for (let turn = 0; turn < each; turn++) {
        await reporter.report(updates[plant * VARIANTS + (turn % VARIANTS)]!);
      }
    }),
  );
  return (nowMs() - startedAt) / UPDATES_PER_TURN;
}

/** Limit and server take turns, so that whatever else the machine does hits both alike. */
async function race(
  plantCount: number,
  limit: RawLimit,
  server: ServerProcess,
  updates: readonly PreparedUpdate[],
): Promise<Figure> {
  const rawPlants = await Promise.all(Array.from({ length: plantCount }, () => limit.connect()));
  const raw = rawPlants.map((plant) => ({
    report: ({ weights }: PreparedUpdate) => plant.report(new Uint8Array(weights.buffer)),
  }));
  const plants: ReportingPlant[] = [];
  for (let i = 0; i < plantCount; i++) plants.push(await ReportingPlant.join(server.address));
  const turns: { limitMs: number; serverMs: number }[] = [];
  const [limitCpuMs, serverCpuMs] = [await limit.cpuMs(), await server.cpuMs()];
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn++) {
    const limitMs = await turnOf(raw, updates);
    const serverMs = await turnOf(plants, updates);
    await server.whenIdle();
    if (turn >= 0) turns.push({ limitMs, serverMs });
  }
  for (const plant of rawPlants) plant.close();
  await Promise.all(plants.map((plant) => plant.close()));
  const updateCount = (WARM_UP_TURNS + TURNS) * UPDATES_PER_TURN;
  const ratios = turns.map(({ limitMs, serverMs }) => limitMs / serverMs);
  return {
    plants: plantCount,
    limitMs: median(turns.map(({ limitMs }) => limitMs)),
    serverMs: median(turns.map(({ serverMs }) => serverMs)),
    ofLimit: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    limitCpuMs: ((await limit.cpuMs()) - limitCpuMs) / updateCount,
    serverCpuMs: ((await server.cpuMs()) - serverCpuMs) / updateCount,
  };
}

/** From where to where each part of an update's way reaches; moments of the plant and steps of the server. */
const WAY: readonly (readonly [name: string, from: Moment, to: Moment])[] = [
  ['offer answered', 'offered', 'resumed'],
  ['update sent', 'resumed', 'sent'],
  ['the rest received, proved, synced and named', 'sent', 'receive/stored'],
  ['journaled', 'receive/stored', 'receive/journaled'],
  ['receipt at the plant', 'receive/journaled', 'receipted'],
  ['start weights read, merged, results hashed and synced', 'receive/journaled', 'apply/computed'],
  ['results named', 'apply/computed', 'apply/all-stored'],
  ['committed', 'apply/all-stored', 'apply/committed'],
  ['reply offered', 'apply/committed', 'answered'],
  ['reply sent, received and proved', 'answered', 'installed'],
  ['all of it', 'offered', 'installed'],
];
type Moment = keyof ReportTimes | EngineStep;

/** Where the time of one update goes, medians in milliseconds. */
async function breakDown(
  server: ServerProcess,
  updates: readonly PreparedUpdate[],
): Promise<Record<string, number>> {
  const plant = await ReportingPlant.join(server.address);
  await server.whenIdle();
  await server.steps();
  const journeys: Partial<Record<Moment, number>>[] = [];
  for (let index = 0; index < 2 * UPDATES_PER_TURN; index++) {
    const times = await plant.report(updates[index % VARIANTS]!);
    await server.whenIdle();
    const steps = Object.fromEntries((await server.steps()).map(({ step, atMs }) => [step, atMs]));
    journeys.push({ ...times, ...steps });
  }
  await plant.close();
  return Object.fromEntries(
    WAY.map(([name, from, to]) => [name, median(journeys.map((each) => each[to]! - each[from]!))]),
  );
}

const folder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
try {
  const limitFolder = join(folder, 'limit');
  await mkdir(limitFolder);
  const limit = await RawLimit.start({ folder: limitFolder, sizeBytes: SIZE_BYTES });
  const server = await ServerProcess.start({
    dataFolder: join(folder, 'server'),
    model: '1 M',
    notesSteps: true,
  });
  const updates = Array.from({ length: Math.max(...PLANT_COUNTS) * VARIANTS }, (_, seed) =>
    preparedUpdate(LENGTH, seed + 1),
  );
  const figures: Figure[] = [];
  for (const plantCount of PLANT_COUNTS) figures.push(await race(plantCount, limit, server, updates));
  const parts = await breakDown(server, updates);
  await server.stop();
  await limit.stop();

  console.log(machineLine());
  console.log(
    `updates of ${rounded(SIZE_BYTES / 1e6, 1)} MB, medians of ${TURNS} turns of ${UPDATES_PER_TURN}`,
  );
  console.table(
    figures.map(({ plants, limitMs, serverMs, ofLimit, spread, limitCpuMs, serverCpuMs }) => ({
      plants,
      'limit [ms/update]': rounded(limitMs, 1),
      'server [ms/update]': rounded(serverMs, 1),
      'of the limit': rounded(ofLimit),
      'middle half of the turns': spread.map((ratio) => rounded(ratio)).join(' to '),
      'processor time of limit and server [ms]': `${rounded(limitCpuMs, 1)}, ${rounded(serverCpuMs, 1)}`,
    })),
  );
  console.log('where the time of one update goes, one plant [ms]');
  console.table(Object.fromEntries(Object.entries(parts).map(([name, ms]) => [name, rounded(ms, 1)])));
  const isWithinBudget = figures.every(({ ofLimit }) => ofLimit >= BUDGET);
  console.log(`budget: at least ${BUDGET} of the limit: ${isWithinBudget ? 'kept' : 'missed'}`);
  console.log(
    JSON.stringify({ bench: 'end-to-end', machine: machine(), budget: BUDGET, SIZE_BYTES, figures, parts }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
