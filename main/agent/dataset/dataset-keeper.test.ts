import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import pino from 'pino';
import sharp from 'sharp';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readExamples } from '../../trainer/examples-file.ts';
import type { Examples } from '../../trainer/messages.ts';
import { DatasetKeeper } from './dataset-keeper.ts';
import { readAndKeep } from './read-and-keep.ts';
import { readInChild } from './reader-process.ts';
import type { LabelledPicture } from './source-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const TABLE = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  training: { validationShare: 0.25 },
  model: { template: 'mlp', hiddenUnits: [1] },
});
const PICTURES = parseTask({
  ...TABLE,
  id: 'pictures',
  input: { kind: 'image', width: 4, height: 4, channels: 1 },
});

/** Fast enough for a test, with the same order among them. */
const TIMES = { pulseMs: 20, scanMs: 60, settleMs: 60, restlessMs: 600, retryMs: 40 };

let keepers: { keeper: DatasetKeeper; done: Promise<void> }[] = [];
afterEach(stopAll);

async function stopAll(): Promise<void> {
  for (const { keeper } of keepers) keeper.stop();
  await Promise.all(keepers.map(({ done }) => done));
  keepers = [];
}

function keep(
  dataFolder: string,
  dataset: string,
  task = TABLE,
  times: Partial<typeof TIMES> = {},
  labelled: () => Promise<readonly LabelledPicture[]> = async () => [],
) {
  const changes: number[] = [];
  const keeper = new DatasetKeeper({
    dataFolder,
    settings: () => ({ dataset, checkSet: null, seed: 1 }),
    task: () => task,
    labelled,
    onChange: () => changes.push(keeper.current?.version ?? 0),
    log: pino({ level: 'silent' }),
    read: (job) => readAndKeep(job),
    times: { ...TIMES, ...times },
  });
  keepers.push({ keeper, done: keeper.run() });
  return keeper;
}

async function examplesOf(keeper: DatasetKeeper): Promise<Examples> {
  const { request } = keeper.current!;
  return 'stored' in request ? await readExamples(request.stored) : request;
}

const rows = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, index) => `${from + index},${(from + index) % 2 === 0 ? 'OK' : 'NG'}`,
  );
const table = (...lines: string[]) => `current,result\n${lines.join('\n')}\n`;

const picture = (grey: number) =>
  sharp({ create: { width: 4, height: 4, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .png()
    .toBuffer();

/** Which grey pictures are in which part: their first pixels. */
async function greys(keeper: DatasetKeeper) {
  const { training, validation } = await examplesOf(keeper);
  const first = ({ inputs }: Examples['training']) =>
    Array.from({ length: inputs.length / 16 }, (_, index) => inputs[index * 16]!).sort((a, b) => a - b);
  return { training: first(training), validation: first(validation) };
}

describe('held-out pictures', () => {
  it('are found by their places, of these very examples only, and shown as the trainer has them', async () => {
    const { root, write } = temporaryFolder();
    for (let grey = 0; grey < 16; grey++) {
      write(`写真/${grey % 2 === 0 ? 'OK' : 'NG'}/${grey}.png`, await picture(grey * 10));
    }
    const keeper = keep(join(root, 'data'), join(root, '写真'), PICTURES);
    await vi.waitFor(() => expect(keeper.current).not.toBeNull(), { timeout: 10_000 });
    const { version, validationCount } = keeper.current!;
    const places = Array.from({ length: validationCount }, (_, place) => place);
    const paths = keeper.validationPictures(version)(places);
    expect(paths).toHaveLength(validationCount);
    expect(keeper.validationPictures(version + 1)(places)).toEqual([]);
    const { validation } = await examplesOf(keeper);
    for (const [place, path] of paths.entries()) {
      const pixels = await keeper.storedPicture(path);
      expect([...pixels!]).toEqual([...validation.inputs.subarray(place * 16, (place + 1) * 16)]);
    }
    expect(await keeper.storedPicture(join(root, '写真', 'gone.png'))).toBeNull();
  });
});

describe('DatasetKeeper', () => {
  it('notices rows that are appended, and says how many', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data/測定.csv', table(...rows(0, 40)));
    const keeper = keep(join(root, 'plant'), join(root, 'data'));
    await vi.waitFor(() => expect(keeper.state()?.summary).toMatchObject({ training: 30, validation: 10 }));
    expect(keeper.state()?.change).toBeNull();
    writeFileSync(file, table(...rows(0, 48)));
    await vi.waitFor(() => expect(keeper.state()?.summary).toMatchObject({ training: 36, validation: 12 }));
    expect(keeper.state()?.change).toBe(8);
    expect(keeper.current?.version).toBe(2);
  });

  it('takes up other data when they are chosen, tells how far it is, and goes back when that is cancelled', async () => {
    const { root, write } = temporaryFolder();
    const [first, second, endless] = ['一.csv', '二.csv', '三.csv'].map((name, index) =>
      write(name, table(...rows(0, 20 + 10 * index))),
    );
    let dataset: string | null = null;
    const keeper = new DatasetKeeper({
      dataFolder: join(root, 'plant'),
      settings: () => ({ dataset, checkSet: null, seed: 1 }),
      task: () => TABLE,
      onChange: () => undefined,
      log: pino({ level: 'silent' }),
      read: (job, { signal, onProgress }) => {
        if (job.dataset !== endless) return readAndKeep(job);
        onProgress?.(5, 40);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      // Only what wakes it makes it look within the time of this test.
      times: { ...TIMES, pulseMs: 600_000 },
    });
    keepers.push({ keeper, done: keeper.run() });
    const choose = (path: string) => {
      dataset = path;
      keeper.cancel();
    };
    const isUsed = (count: number, change: number | null) =>
      vi.waitFor(() => {
        const { training, validation } = keeper.state()!.summary;
        expect([training + validation, keeper.state()!.change, keeper.progress]).toEqual([
          count,
          change,
          null,
        ]);
      });
    choose(first!);
    await isUsed(20, null);
    choose(second!);
    await isUsed(30, null);
    choose(endless!);
    await vi.waitFor(() => expect(keeper.progress).toMatchObject({ done: 5, total: 40, unit: 'bytes' }));
    choose(first!);
    await isUsed(20, null);
    expect(keeper.problem).toBeNull();
  });

  it('waits until a file that is being written stands still, but not for ever', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data.csv', table(...rows(0, 20)));
    const keeper = keep(join(root, 'plant'), file, TABLE, { settleMs: 400, restlessMs: 1_500 });
    await vi.waitFor(() => expect(keeper.current?.version).toBe(1));
    let count = 20;
    const startedAt = performance.now();
    const writer = setInterval(() => writeFileSync(file, table(...rows(0, ++count))), 50);
    onTestFinished(() => clearInterval(writer));
    await vi.waitFor(() => expect(keeper.current?.version).toBe(2), { timeout: 10_000 });
    expect(performance.now() - startedAt).toBeGreaterThan(1_400);
    clearInterval(writer);
    await vi.waitFor(() =>
      expect(keeper.state()!.summary.training + keeper.state()!.summary.validation).toBe(count),
    );
  });

  it('looks at the files once after many labels, and at times while they go on and on', async () => {
    const { root, write } = temporaryFolder();
    const dataset = write('data.csv', table(...rows(0, 20)));
    let looks = 0;
    const labelled = async () => {
      looks++;
      return [];
    };
    const quiet = { pulseMs: 60_000, scanMs: 60_000, settleMs: 300, restlessMs: 1_000 };
    const keeper = keep(join(root, 'plant'), dataset, TABLE, quiet, labelled);
    await vi.waitFor(() => expect(keeper.current?.version).toBe(1));
    const before = looks;
    for (let label = 0; label < 100; label++) keeper.lookOnceStill();
    expect(looks).toBe(before);
    await vi.waitFor(() => expect(looks).toBe(before + 1));
    const labelling = setInterval(() => keeper.lookOnceStill(), 20);
    onTestFinished(() => clearInterval(labelling));
    await vi.waitFor(() => expect(looks).toBe(before + 2), { timeout: 5_000 });
  });

  it('takes up new pictures, decodes no other again, and leaves each in its part', async () => {
    const { root, write } = temporaryFolder();
    for (let grey = 10; grey < 30; grey++) write(`data/OK/カメラ1/${grey}.png`, await picture(grey));
    for (let grey = 110; grey < 130; grey++) write(`data/NG/${grey}.png`, await picture(grey));
    // A whole second, which comes back exactly.
    const old = join(root, 'data', 'NG', '110.png');
    const time = new Date('2026-11-01T00:00:00Z');
    utimesSync(old, time, time);
    const keeper = keep(join(root, 'plant'), join(root, 'data'), PICTURES);
    await vi.waitFor(() => expect(keeper.state()?.summary).toMatchObject({ training: 30, validation: 10 }));
    const before = await greys(keeper);
    // Spoilt behind the back of the clock: whoever decoded it again would find nothing to decode.
    writeFileSync(old, new Uint8Array(statSync(old).size));
    utimesSync(old, time, time);
    for (let grey = 200; grey < 208; grey++) write(`data/NG/new/${grey}.png`, await picture(grey));
    write('data/NG/half.png', (await picture(99)).subarray(0, 40));
    await vi.waitFor(() =>
      expect(keeper.state()?.summary).toMatchObject({ training: 36, validation: 12, skipped: 1 }),
    );
    const after = await greys(keeper);
    expect(after.training).toEqual(expect.arrayContaining(before.training));
    expect(after.validation).toEqual(expect.arrayContaining(before.validation));
    rmSync(join(root, 'data', 'NG', 'half.png'));
    await vi.waitFor(() => expect(keeper.state()?.summary.skipped).toBe(0));
    expect(await greys(keeper)).toEqual(after);
  });

  it('knows the parts again after a start, also where data came while it was away', async () => {
    const { root, write } = temporaryFolder();
    for (let grey = 10; grey < 50; grey++) write(`data/OK/${grey}.png`, await picture(grey));
    const first = keep(join(root, 'plant'), join(root, 'data'), PICTURES);
    await vi.waitFor(() => expect(first.state()?.summary.validation).toBe(10));
    const before = await greys(first);
    await stopAll();
    // Some go, some are renamed, some come, and what was kept of the last reading is lost.
    for (const grey of [20, 21, 22]) rmSync(join(root, 'data', 'OK', `${grey}.png`));
    renameSync(join(root, 'data', 'OK', '10.png'), join(root, 'data', 'OK', 'z.png'));
    for (let grey = 100; grey < 123; grey++) write(`data/OK/${grey}.png`, await picture(grey));
    rmSync(join(root, 'plant', 'dataset', 'index.json'));
    const second = keep(join(root, 'plant'), join(root, 'data'), PICTURES);
    await vi.waitFor(() => expect(second.state()?.summary.validation).toBe(15));
    const after = await greys(second);
    const known = (grey: number) => grey < 100;
    const left = (all: number[]) => all.filter((grey) => ![20, 21, 22].includes(grey));
    expect(after.training.filter(known)).toEqual(left(before.training));
    expect(after.validation.filter(known)).toEqual(left(before.validation));
  });

  it('trains on what was read while the drive is gone, at a start too, and takes up the drive again', async () => {
    const { root, write } = temporaryFolder();
    write('usb/data.csv', table(...rows(0, 40)));
    const [drive, away] = [join(root, 'usb'), join(root, 'elsewhere')];
    const first = keep(join(root, 'plant'), drive);
    await vi.waitFor(() => expect(first.state()?.isReachable).toBe(true));
    renameSync(drive, away);
    await vi.waitFor(() => expect(first.state()?.isReachable).toBe(false));
    expect(first.problem?.code).toBe('dataset/not-found');
    expect(first.current?.version).toBe(1);
    await stopAll();
    const second = keep(join(root, 'plant'), drive);
    await vi.waitFor(() => expect(second.state()?.isReachable).toBe(false));
    expect((await examplesOf(second)).training.labels).toHaveLength(30);
    renameSync(away, drive);
    await vi.waitFor(() => expect(second.state()?.isReachable).toBe(true));
    expect(second.problem).toBeNull();
    expect(second.current?.version).toBe(1);
  });

  it('says what is wrong with changed data and goes on with the old', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data.csv', table(...rows(0, 40)));
    const keeper = keep(join(root, 'plant'), file);
    await vi.waitFor(() => expect(keeper.current).not.toBeNull());
    writeFileSync(file, table('1,Unknown'));
    await vi.waitFor(() => expect(keeper.problem?.code).toBe('dataset/mismatch'));
    expect(keeper.current?.version).toBe(1);
    expect(keeper.state()?.isReachable).toBe(true);
    writeFileSync(file, table(...rows(0, 44)));
    await vi.waitFor(() => expect(keeper.state()?.change).toBe(4));
    expect(keeper.problem).toBeNull();
  });

  it('reads anew what was kept and is not whole', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data.csv', table(...rows(0, 40)));
    const first = keep(join(root, 'plant'), file);
    await vi.waitFor(() => expect(first.current).not.toBeNull());
    await stopAll();
    const folder = join(root, 'plant', 'dataset');
    truncateSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.examples'))!), 10);
    const second = keep(join(root, 'plant'), file);
    await vi.waitFor(() => expect(second.current).not.toBeNull());
    expect((await examplesOf(second)).training.labels).toHaveLength(30);
    second.discard();
    await vi.waitFor(() => expect(second.current?.version).toBe(2));
    expect(existsSync(join(folder, 'index.json'))).toBe(true);
  });

  it('holds the examples in memory where the disk takes none', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data.csv', table(...rows(0, 40)));
    const keeper = keep(join(root, 'plant'), file);
    // A folder where a file is to be: nothing can be kept.
    mkdirSync(join(root, 'plant', 'dataset', 'parts-1'));
    await vi.waitFor(() => expect(keeper.current).not.toBeNull());
    expect(keeper.current!.request).not.toHaveProperty('stored');
    expect((await examplesOf(keeper)).training.labels).toHaveLength(30);
  });

  it.each(['on disk', 'in memory'])(
    'tells the trainer which held-out rows are of one lot, %s',
    async (where) => {
      const { root, write } = temporaryFolder();
      const lots = Array.from({ length: 8 }, (_, lot) =>
        rows(5 * lot, 5 * lot + 5).map((row) => `${row},L${lot}`),
      );
      const file = write('data.csv', `current,result,lot\n${lots.flat().join('\n')}\n`);
      const keeper = keep(
        join(root, 'plant'),
        file,
        parseTask({ ...TABLE, split: { by: 'column', column: 'lot' } }),
      );
      if (where === 'in memory') mkdirSync(join(root, 'plant', 'dataset', 'parts-1'));
      await vi.waitFor(() => expect(keeper.current).not.toBeNull());
      expect('stored' in keeper.current!.request).toBe(where === 'on disk');
      const { training, validation } = await examplesOf(keeper);
      expect(validation.units).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
      expect(training.units).toBeUndefined();
    },
  );
});

describe('readInChild', () => {
  const job = (root: string, dataset: string) => ({
    dataFolder: join(root, '工場 1'),
    dataset,
    checkSet: null,
    seed: 1,
    task: TABLE,
    reading: JSON.stringify([dataset, null, 1, TABLE.input]),
    fingerprint: 'seen',
  });

  it('reads in another process, and passes on what is wrong with the data', async () => {
    const { root, write } = temporaryFolder();
    const file = write('測定 データ.csv', table(...rows(0, 40)));
    const never = { signal: new AbortController().signal };
    expect(await readInChild(job(root, file), never)).toMatchObject({
      fingerprint: 'seen',
      summary: { training: 30, validation: 10 },
    });
    writeFileSync(file, table('1,Unknown'));
    await expect(readInChild(job(root, file), never)).rejects.toMatchObject({ code: 'dataset/mismatch' });
  });

  it('ends with the agent', async () => {
    const { root, write } = temporaryFolder();
    const file = write('data.csv', table(...rows(0, 40)));
    await expect(readInChild(job(root, file), { signal: AbortSignal.timeout(1) })).rejects.toThrow();
  });
});
