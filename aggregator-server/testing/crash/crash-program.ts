/** Plays a history and is killed on the way, or writes down what a power cut would leave at each point of it. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino } from 'pino';
import type { EngineStep } from '../../engine/steps.ts';
import { DurableDisk } from './durable-disk.ts';
import { watchFileOperations } from './file-operations.ts';
import { dataFolderOf, type Play, plantsFolderOf, play } from './play.ts';

/** Where to die: at a step of a report, or before the n-th point. */
export type Stop = { readonly step: EngineStep; readonly report: number } | { readonly point: number };

/** What the program is told, as JSON on its command line. */
export interface CrashOrder {
  readonly play: Omit<Play, 'onReport' | 'onStep' | 'onMoment' | 'log'>;
  readonly stop?: Stop;
  /** Folder for what a power cut leaves: `POINT-dropped` and `POINT-kept`, and `points.json` with their names. */
  readonly cuts?: string;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Watches files and plants; every change and every moment of a plant is a point. */
async function watchPoints(order: CrashOrder): Promise<{ point: (name: string) => void; names: string[] }> {
  const { stop, cuts } = order;
  const folder = dataFolderOf(order.play);
  const names: string[] = [];
  const disk = cuts === undefined ? null : new DurableDisk(folder);
  const point = (name: string) => {
    if (stop !== undefined && 'point' in stop && stop.point === names.length) die();
    for (const unsynced of ['dropped', 'kept'] as const) {
      if (disk === null) break;
      const target = { folder: join(cuts!, `${names.length}-${unsynced}`) };
      mkdirSync(target.folder, { recursive: true });
      disk.saveTo(dataFolderOf(target), unsynced);
      cpSync(plantsFolderOf(order.play), plantsFolderOf(target), { recursive: true });
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
const { stop, cuts } = order;
const { point, names } = await watchPoints(order);
let current = -1;
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
if (cuts !== undefined) writeFileSync(join(cuts, 'points.json'), JSON.stringify(names));
