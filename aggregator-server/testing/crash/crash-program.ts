/** Plays a history and is killed on the way, or writes down what a power cut would leave at each point of it. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino } from 'pino';
import { DurableDisk } from './durable-disk.ts';
import { watchFileOperations } from './file-operations.ts';
import { dataFolderOf, type Play, plantsFolderOf, play } from './play.ts';
import { type Left, nameOfLeft, type Remains } from './remains.ts';

/** What the program is told, as JSON on its command line. */
export interface CrashOrder {
  readonly play: Omit<Play, 'onReport' | 'onStep' | 'onMoment' | 'log'>;
  /** Dies before the n-th point. */
  readonly stopAt?: number;
  readonly remains?: readonly Remains[];
}

/** Watches files; every change of one is a point, and so is what else is given a name on the way. */
async function watchPoints(
  { play: played, stopAt, remains = [] }: CrashOrder,
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
    if (stopAt === names.length) process.kill(process.pid, 'SIGKILL');
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
const { remains = [] } = order;
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
  onStep: (step) => point(`step ${step}`),
});
for (const { folder } of remains) writeFileSync(join(folder, 'points.json'), JSON.stringify(names));
