/** Plays a history and is killed on the way, or writes down what a power cut would leave at each point of it. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino } from 'pino';
import type { EngineStep } from '../../engine/steps.ts';
import { DurableDisk } from './durable-disk.ts';
import { watchFileOperations } from './file-operations.ts';
import { dataFolderOf, type Play, plantsFolderOf, play } from './play.ts';
import { type Left, nameOfLeft, type Remains } from './remains.ts';

/** Where to die: at a step of a report, or before the n-th point. */
export type Stop = { readonly step: EngineStep; readonly report: number } | { readonly point: number };

/** What the program is told, as JSON on its command line. */
export interface CrashOrder {
  readonly play: Omit<Play, 'onReport' | 'onStep' | 'onMoment' | 'log'>;
  readonly stop?: Stop;
  readonly remains?: readonly Remains[];
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Watches files and plants; every change and every moment of a plant is a point. */
async function watchPoints(
  { play: played, stop, remains = [] }: CrashOrder,
  reportNow: () => number,
): Promise<{ point: (name: string) => void; names: string[] }> {
  const folder = dataFolderOf(played);
  const names: string[] = [];
  const disk = remains.length === 0 ? null : new DurableDisk(folder);
  const keep = (path: string, left: Left) => {
    const target = { folder: path };
    mkdirSync(path, { recursive: true });
    if (left === 'killed') cpSync(folder, dataFolderOf(target), { recursive: true });
    else disk!.saveTo(dataFolderOf(target), left);
    cpSync(plantsFolderOf(played), plantsFolderOf(target), { recursive: true });
  };
  const point = (name: string) => {
    if (stop !== undefined && 'point' in stop && stop.point === names.length) die();
    for (const { folder: into, leaves, fromReport = -1, names: wanted = [''] } of remains) {
      if (reportNow() < fromReport || !wanted.some((beginning) => name.startsWith(beginning))) continue;
      for (const left of leaves) keep(join(into, nameOfLeft(names.length, left)), left);
    }
    names.push(name);
  };
  await watchFileOperations(folder, {
    before: ({ kind, path, to }) => point(`${kind} ${(to ?? path).slice(folder.length)}`),
    after: (operation) => disk?.follow(operation),
  });
  return { point, names };
}

const order = JSON.parse(process.argv[2]!) as CrashOrder;
const { stop, remains = [] } = order;
let current = -1;
const { point, names } = await watchPoints(order, () => current);
await play({
  ...order.play,
  // Whatever is logged as an error fails the test.
  log: pino({ level: 'error' }, destination(2)),
  onMoment: point,
  onReport: (report) => {
    current = report;
  },
  onStep: (step) => {
    if (stop !== undefined && 'step' in stop && stop.step === step && stop.report === current) die();
  },
});
for (const { folder } of remains) writeFileSync(join(folder, 'points.json'), JSON.stringify(names));
