import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CrashOrder } from './testing/crash/crash-program.ts';
import { brokenPromises, type Outcome, outcomeOf } from './testing/crash/outcome.ts';
import { dataFolderOf, type Play, play, receiptsOf } from './testing/crash/play.ts';
import { type Left, nameOfLeft, type Remains } from './testing/crash/remains.ts';
import { LARGE_MODEL, SERVED_FEDERATIONS } from './testing/fixtures.ts';
import { ON_DISK, temporaryFolder } from './testing/temporary-folder.ts';

const PROGRAM = join(import.meta.dirname, 'testing/crash/crash-program.ts');
/** Reports made before; the next two are in turn the first and the last of a round or a buffer of two. */
const PREPARED = 2;
const STOPPED = 2;
const STEP = 'step ';
/** Where they are stopped: before each named step, sync of a file or a folder, and commit. */
const BOUNDARIES = [STEP, 'sync ', 'commit '];
/** All reports of a history, the last of which nothing disturbs. */
const REPORTS = 5;
/**
 * The first report of a process whose results go past the system's cache: two plants' first ones read files, and four
 * in a row must not.
 */
const PAST_CACHE_REPORT = 5;
/** Of a file that goes there: its whole blocks, the rest, the sync. */
const PAST_CACHE_POINTS = ['direct write /', 'write /transfers/', 'write /weights/temporary/', 'sync /'];
/** Processes at once. */
const AT_ONCE = 2;

let killCount = 0;
/** What a kill would have left, without one. */
let leftCount = 0;
let cutCount = 0;

afterAll(() => {
  // biome-ignore lint/suspicious/noConsole: the number of points is a figure to be shown
  console.info(
    `crash matrix: ${killCount} kills of a process, ${leftCount} moments as a kill leaves them, ${cutCount} power cuts`,
  );
});

type History = Pick<Play, 'federation' | 'hiddenUnits' | 'pauseMs'>;

/** A history whose first reports are made once, to be gone on with from many copies. */
class Matrix {
  readonly #history: History & Pick<Play, 'reports'>;
  readonly #root: string;
  #lastCopy = 0;

  private constructor(history: History & Pick<Play, 'reports'>, root: string) {
    this.#history = history;
    this.#root = root;
  }

  static async prepare(
    history: History,
    {
      prepared = PREPARED,
      reports = REPORTS,
      parent,
    }: { readonly prepared?: number; readonly reports?: number; readonly parent?: string } = {},
  ): Promise<Matrix> {
    const matrix = new Matrix({ ...history, reports }, await temporaryFolder(parent));
    await play({ ...history, folder: matrix.#prepared, reports: prepared });
    return matrix;
  }

  get #prepared(): string {
    return join(this.#root, 'prepared');
  }

  newFolder(): string {
    return join(this.#root, String(++this.#lastCopy));
  }

  /** The prepared history in a folder of its own, to be played to its end. */
  async copy(): Promise<Play> {
    const folder = this.newFolder();
    await cp(this.#prepared, folder, { recursive: true });
    return { ...this.#history, folder };
  }

  /** Plays to the end without any stop. */
  async undisturbed(): Promise<Outcome> {
    const copy = await this.copy();
    await play(copy);
    return outcomeOf(dataFolderOf(copy));
  }

  /** Kills a process before that point. @returns what going on from what it left comes to */
  async kill(point: number): Promise<Outcome> {
    const copy = await this.copy();
    const { signal, text } = await run({ play: copy, stopAt: point });
    if (signal !== 'SIGKILL') throw new Error(`point ${point} was not reached: ${text}`);
    killCount++;
    return goOn(copy);
  }
}

async function run(order: CrashOrder): Promise<{ signal: NodeJS.Signals | null; text: string }> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part;
    });
  }
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { signal, text };
}

/** Starts again on what was left, having made sure that no promise is broken, and plays to the end. */
async function goOn(left: Play): Promise<Outcome> {
  const dataFolder = dataFolderOf(left);
  expect(brokenPromises(dataFolder, receiptsOf(left))).toEqual([]);
  await play(left);
  return outcomeOf(dataFolder);
}

/** Does some work for each item, some at once. */
async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const HISTORIES: [string, History][] = [
  ...Object.entries(SERVED_FEDERATIONS).map(([name, federation]): [string, History] => [
    name,
    { federation, pauseMs: 1 },
  ]),
  [
    'rounds that only their deadline closes',
    { federation: { strategy: 'fedavg', deadlineMs: 1000, roundSize: 3 }, pauseMs: 1200 },
  ],
];

/** Plays on, keeping what would be left of it on the way. @returns the names of the points, by number */
async function remainsOf(whole: Play, remains: readonly Remains[]): Promise<string[]> {
  const { signal, text } = await run({ play: whole, remains });
  if (signal !== null || text !== '') throw new Error(`${signal} ${text}`);
  return JSON.parse(await readFile(join(remains[0]!.folder, 'points.json'), 'utf8')) as string[];
}

/** What a kill or a power cut leaves of a point, and where it lies. */
interface LeftPoint {
  readonly name: string;
  readonly left: Left;
  readonly folder: string;
}

/** Plays on, keeping what would be left of it on the way. @returns where each of it would lie, by the names of its point */
async function leftsOf(whole: Play, remains: readonly Remains[]): Promise<LeftPoint[]> {
  const points = [...(await remainsOf(whole, remains)).entries()];
  return remains.flatMap(({ folder, leaves, names = [''] }) =>
    points
      .filter(([, name]) => names.some((beginning) => name.startsWith(beginning)))
      .flatMap(([point, name]) =>
        leaves.map((left) => ({ name, left, folder: join(folder, nameOfLeft(point, left)) })),
      ),
  );
}

/** Goes on from each, to the same state, bit by bit. */
async function expectSameFrom(lefts: readonly LeftPoint[], whole: Play, outcome: Outcome): Promise<void> {
  await forEach(lefts, async ({ name, left, folder }) => {
    if (left === 'killed') leftCount++;
    else cutCount++;
    expect({ name, left, ...(await goOn({ ...whole, folder })) }).toEqual({ name, left, ...outcome });
  });
}

describe.each(HISTORIES)('under %s', (_name, history) => {
  it('what a kill or a power cut leaves at any step, sync or commit goes on to the same state, bit by bit', {
    timeout: 120_000,
  }, async () => {
    const matrix = await Matrix.prepare(history);
    const outcome = await matrix.undisturbed();
    expect(outcome.leftovers).toEqual([]);
    const whole = await matrix.copy();
    const folder = matrix.newFolder();
    const killed = { folder, leaves: ['killed'], names: BOUNDARIES } as const;
    // A step changes no file: a power cut there leaves what one before the next change leaves.
    const cut = { folder, leaves: ['dropped'], names: BOUNDARIES.filter((kind) => kind !== STEP) } as const;
    const lefts = await leftsOf({ ...whole, reports: PREPARED + STOPPED }, [killed, cut]);
    const stops = lefts.filter(({ left }) => left === 'killed');
    for (const kind of BOUNDARIES)
      expect(stops.filter(({ name }) => name.startsWith(kind)).length).toBeGreaterThanOrEqual(STOPPED);
    expect(stops.length).toBeGreaterThanOrEqual(20);
    await expectSameFrom(lefts, whole, outcome);
  });
});

describe('along the whole path of an update, from its offer to the installed reply', () => {
  const relay: History = { federation: SERVED_FEDERATIONS['orthofl relay'], pauseMs: 1 };

  it('nothing is lost or applied twice, wherever a process is killed or the power is cut', {
    timeout: 300_000,
  }, async () => {
    const matrix = await Matrix.prepare(relay);
    const outcome = await matrix.undisturbed();
    // One report, every point of it: each step, each change of a file, each commit, each moment of the plant.
    const whole = await matrix.copy();
    const cuts = { folder: matrix.newFolder(), leaves: ['dropped', 'kept'] } as const;
    const points = await remainsOf({ ...whole, reports: PREPARED + 1 }, [cuts]);
    for (const kind of [
      'step',
      'create',
      'write',
      'sync',
      'sync folder',
      'rename',
      'remove',
      'commit',
      'plant:',
    ]) {
      expect(points.filter((point) => point.startsWith(`${kind} `))).not.toEqual([]);
    }
    await forEach([...points.entries()], async ([point, name]) => {
      expect({ name, ...(await matrix.kill(point)) }).toEqual({ name, ...outcome });
      // A step changes no file: see above.
      if (name.startsWith(STEP)) return;
      for (const names of cuts.leaves) {
        cutCount++;
        const left = { ...whole, folder: join(cuts.folder, nameOfLeft(point, names)) };
        expect({ name, names, ...(await goOn(left)) }).toEqual({ name, names, ...outcome });
      }
    });
  });

  // Small files never take that way, and results only while the newest replies all come from memory.
  it.runIf(process.platform === 'linux')(
    'nor where files go past the system’s cache',
    {
      timeout: 120_000,
    },
    async () => {
      const history = { ...relay, hiddenUnits: LARGE_MODEL };
      const matrix = await Matrix.prepare(history, {
        prepared: 0,
        reports: PAST_CACHE_REPORT + 1,
        parent: ON_DISK,
      });
      const outcome = await matrix.undisturbed();
      const whole = await matrix.copy();
      const fromReport = PAST_CACHE_REPORT;
      const folder = matrix.newFolder();
      const killed = { folder, leaves: ['killed'], fromReport, names: PAST_CACHE_POINTS } as const;
      // Whatever counts from a commit on must have been synced.
      const cut = { folder, leaves: ['dropped'], fromReport, names: ['commit '] } as const;
      const lefts = (await leftsOf(whole, [killed, cut])).filter(({ folder: kept }) => existsSync(kept));
      // The update and its two results.
      const begun = lefts.map(({ name, left }) => `${left}: ${name.replace(/[^/]*$/, '')}`);
      expect(begun.filter((name) => name === 'killed: direct write /transfers/').length).toBeGreaterThan(0);
      for (const kind of ['direct write', 'write', 'sync'])
        expect(begun.filter((name) => name === `killed: ${kind} /weights/temporary/`)).toHaveLength(2);
      await expectSameFrom(lefts, whole, outcome);
    },
  );
});
