import { join } from 'node:path';
import type { Logger } from 'pino';
import type { StepHook } from '../../engine/steps.ts';
import { StrategyRunner } from '../../engine/strategy-runner.ts';
import { startAggregator } from '../../server.ts';
import { THIS_THREAD } from '../../store/store-threads.ts';
import { smallTask } from '../fixtures.ts';
import { type PlantMoment, RememberingPlant, remembered } from './remembering-plant.ts';

/** They report by turns. */
export const PLANT_NAMES = ['osaka', 'nagoya'] as const;

const START_MS = Date.parse('2026-11-23T06:00:00.000Z');

/** A history of two plants that is the same each time, whatever interrupts it. */
export interface Play {
  /** Holds the server's folder and that of the plants. */
  readonly folder: string;
  readonly federation: object;
  /** Of the model; a few when left out. */
  readonly hiddenUnits?: number[];
  /** Time between two reports, milliseconds; it passes at once. */
  readonly pauseMs: number;
  /** How many of the reports are made. */
  readonly reports: number;
  readonly onReport?: (report: number) => void;
  readonly onStep?: StepHook;
  readonly onMoment?: (moment: PlantMoment) => void;
  /** Silent when left out. */
  readonly log?: Logger;
}

export function dataFolderOf({ folder }: Pick<Play, 'folder'>): string {
  return join(folder, '集約 data');
}

export function plantsFolderOf({ folder }: Pick<Play, 'folder'>): string {
  return join(folder, 'plants');
}

/** Ids of updates that any plant has a receipt for. */
export function receiptsOf(play: Pick<Play, 'folder'>): string[] {
  return PLANT_NAMES.flatMap((name) => remembered(plantsFolderOf(play), name).receipts);
}

/** Plays on from wherever the folder stands to the given number of reports, over a real server and real sockets. */
export async function play(what: Play): Promise<void> {
  const { federation, hiddenUnits, pauseMs, reports } = what;
  const { onReport = () => {}, onStep, onMoment = () => {}, log } = what;
  const plantsFolder = plantsFolderOf(what);
  const task = smallTask({ federation, hiddenUnits });
  // A report that was begun may not have ended.
  const begun = Math.max(...PLANT_NAMES.map((name) => remembered(plantsFolder, name).lastReport));
  const first = Math.max(begun, 0);
  let nowMs = START_MS + (first + 1) * pauseMs;
  const aggregator = await startAggregator({
    dataFolder: dataFolderOf(what),
    tasks: [task],
    port: 0,
    security: { kind: 'open-loopback' },
    now: () => new Date(nowMs),
    log,
    onStep,
    // In this thread, so that operations have an order.
    storeThreads: THIS_THREAD,
    startRunner: (start) => new StrategyRunner(start),
  });
  try {
    await aggregator.whenIdle();
    const { address, whenIdle } = aggregator;
    const surroundings = { folder: plantsFolder, task, address, whenIdle, onMoment };
    for (let report = first; report < reports; report++) {
      nowMs = START_MS + (report + 1) * pauseMs;
      onReport(report);
      const plantName = PLANT_NAMES[report % PLANT_NAMES.length]!;
      await new RememberingPlant(plantName, surroundings).report(report);
    }
    await aggregator.whenIdle();
  } finally {
    await aggregator.close();
  }
}
