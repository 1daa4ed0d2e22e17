import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import type { Task } from '@genba/shared/model/task';
import { parse } from 'csv-parse/sync';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../store/database.ts';
import { CsvArrivals } from './csv-arrivals.ts';
import { HeldModel, judgeOf, keepReading, ROWS, WARMTH_DATA, WINDOWS, warmthWeights } from './fixtures.ts';
import { judgeSubject } from './judge-subject.ts';
import { WATCH_TIMES, type WatchTimes } from './watch-times.ts';
import { WatchedFiles } from './watched-files.ts';
import { Watches } from './watches.ts';

const TIMES = { lookMs: 10, settleMs: 0, giveUpMs: 0, rewriteMs: 150, restMs: 1_500, judgeMs: 200 };
const TIMEOUT = { timeout: 20_000, interval: 10 };

/** A plant whose data were read, and a folder and a table with Japanese names. */
async function plant(task: Task, watched = '記録') {
  const { root, write } = temporaryFolder();
  const data = join(root, 'データ');
  await keepReading(data, write('学習.csv', WARMTH_DATA), task);
  const judge = judgeOf(data, task, new HeldModel(warmthWeights(task)));
  const database = openAgentDatabase(data);
  onTestFinished(async () => {
    await judge.stop();
    database.close();
  });
  const wish = { path: join(root, watched), results: join(root, '結果.csv'), language: 'ja' as const };
  write('記録/無関係.txt', 'no table');
  const start = (times: Partial<WatchTimes> = TIMES) => {
    const { input } = task;
    const kept = { read: () => [wish], write: () => {}, onChange: () => {} };
    const watches = new Watches({ judge, database, inputKind: () => input.kind, ...kept, times });
    onTestFinished(() => watches.stop());
    watches.start();
    return {
      get status() {
        return watches.statuses[0]!;
      },
      stop: () => watches.stop(),
    };
  };
  const rows = () =>
    existsSync(wish.results)
      ? (parse(readFileSync(wish.results), { bom: true, columns: true }) as Record<string, string>[])
      : [];
  /** File, line and result of each row. */
  const said = () => rows().map(({ ファイル, 行, 結果 }) => `${ファイル}:${行} ${結果}`);
  /** What judging the whole file says. */
  const judged = async (file: string) => {
    const items: JudgedItem[] = [];
    const subject = { kind: 'paths' as const, paths: [file] };
    await judgeSubject(judge.open(), subject, async (some) => void items.push(...some));
    return items.map(({ name, line, verdict }) => {
      return `${name}:${line} ${verdict?.kind === 'class' ? verdict.className : ''}`;
    });
  };
  return {
    root,
    write,
    wish,
    judge,
    database,
    start,
    rows,
    said,
    judged,
    file: (name: string) => join(root, name),
  };
}

describe('watched CSV files of rows', () => {
  it('have each row judged once, in whatever way a file is written, and over restarts', async () => {
    const { write, start, said, rows, wish } = await plant(ROWS);
    write('記録/夜勤/a.csv', '圧力;温度;メモ\r\n1,5;14,5;\r\n1,5;30,0;x\r\n');
    write('記録/b.csv', '温度,圧力\n16,1\n欠,1\n40,2\n');
    const first = start();
    await expect.poll(() => said().length, TIMEOUT).toBe(5);
    expect(first.status).toMatchObject({ kind: 'rows', waiting: 0, problem: null, written: 5 });
    expect(first.status.counts).toEqual({ ok: 2, ng: 2, named: 0, unjudged: 1 });
    await first.stop();
    // While it is away: one has grown, one is new, and one was copied.
    appendFileSync(join(wish.path, 'b.csv'), '10,1\n');
    copyFileSync(join(wish.path, 'b.csv'), join(wish.path, '写し.csv'));
    const second = start();
    await expect.poll(() => said().length, TIMEOUT).toBe(10);
    await second.stop();
    expect(said().toSorted()).toEqual(
      [
        ...['夜勤/a.csv:2 OK', '夜勤/a.csv:3 NG'],
        ...['b.csv:2 OK', 'b.csv:3 ', 'b.csv:4 NG', 'b.csv:5 OK'],
        ...['写し.csv:2 OK', '写し.csv:3 ', '写し.csv:4 NG', '写し.csv:5 OK'],
      ].toSorted(),
    );
    expect(rows().filter(({ 判定できない理由 }) => 判定できない理由 !== '')).toHaveLength(2);
  });

  it('are told of where they do not fit, once, and the table itself is none of them', async () => {
    const { write, start, said, wish, file } = await plant(ROWS);
    wish.results = file('記録/結果.csv');
    write('記録/別の表.csv', '給与,秘密\n1,2\n');
    write('記録/良い.csv', '温度,圧力\n16,1\n');
    write('記録/前の結果.csv', '\uFEFF判定日時,ファイル,position\r\n1,2,3\r\n');
    const first = start();
    await expect.poll(said, TIMEOUT).toHaveLength(2);
    await first.stop();
    const second = start();
    appendFileSync(file('記録/良い.csv'), '99,1\n');
    await expect.poll(said, TIMEOUT).toHaveLength(3);
    expect(said().toSorted()).toEqual(['別の表.csv: ', '良い.csv:2 OK', '良い.csv:3 NG'].toSorted());
    await second.stop();
  });

  it('keep rows apart that are alike: two parts may be measured alike', async () => {
    const { write, start, said, file } = await plant(ROWS);
    const first = start();
    for (let part = 0; part < 4; part++) {
      write(`記録/部品 ${part}.csv`, '温度,圧力\n16,1\n');
      await expect.poll(said, TIMEOUT).toHaveLength(part + 1);
      // Taken away by another program, as files of measured parts are.
      renameSync(file(`記録/部品 ${part}.csv`), file(`済み ${part}.csv`));
      await expect.poll(() => first.status.problem, TIMEOUT).toBeNull();
    }
    await first.stop();
    expect(said()).toEqual([0, 1, 2, 3].map((part) => `部品 ${part}.csv:2 OK`));
  });

  it('may end without the end of a line', async () => {
    const { write, start, said, file } = await plant(ROWS);
    write('記録/a.csv', '温度,圧力\n16,1\n30,1');
    const watch = start();
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:2 OK']);
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:2 OK', 'a.csv:3 NG']);
    // It went on after all; the line has its result, and is not judged again.
    appendFileSync(file('記録/a.csv'), '5\n10,1\n');
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:2 OK', 'a.csv:3 NG', 'a.csv:4 OK']);
    await watch.stop();
  });

  it('wait while a table cannot be written, and go on where they were', async () => {
    const { write, start, said, rows, wish } = await plant(ROWS);
    write('記録/a.csv', '温度,圧力\n16,1\n');
    writeFileSync(wish.results, '給与,秘密\n1,2\n');
    const watch = start();
    await expect.poll(() => watch.status.problem?.code, TIMEOUT).toBe('judging/other-file');
    expect(readFileSync(wish.results, 'utf8')).toBe('給与,秘密\n1,2\n');
    renameSync(wish.results, `${wish.results}.old`);
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:2 OK']);
    // Put aside by a person, for a month's archive: the next rows go into a new one.
    renameSync(wish.results, `${wish.results}.month`);
    await watch.stop();
    appendFileSync(join(wish.path, 'a.csv'), '40,1\n');
    const next = start();
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:3 NG']);
    expect(rows()[0]).toMatchObject({ モデル: 'own 7', position: expect.stringMatching(/^[0-9a-f]{12}@3$/) });
    await next.stop();
  });

  it('go on behind a row that a power cut left unfinished, and are judged anew where rows were lost', async () => {
    const { write, start, said, wish } = await plant(ROWS);
    write('記録/a.csv', `温度,圧力\n${'16,1\n'.repeat(200)}`);
    const first = start();
    await expect.poll(said, TIMEOUT).toHaveLength(200);
    await first.stop();
    const whole = readFileSync(wish.results);
    for (const cut of [1, 2, 5, 100, 5000]) {
      writeFileSync(wish.results, whole.subarray(0, whole.length - cut));
      const again = start();
      await expect.poll(() => again.status.written, TIMEOUT).toBe(200);
      await again.stop();
      expect(new Set(said()).size).toBe(200);
    }
  });

  it('are found again in a table that a spreadsheet has saved', async () => {
    const { write, start, said, wish } = await plant(ROWS);
    write('記録/a.csv', '温度,圧力\n16,1\n30,1\n');
    const first = start();
    await expect.poll(said, TIMEOUT).toHaveLength(2);
    await first.stop();
    // Semicolons, no byte order mark, and another order.
    const [head, ...lines] = readFileSync(wish.results, 'utf8').slice(1).trim().split('\r\n');
    const saved = [head, ...lines.toReversed(), ''].join('\r\n').replaceAll(',', ';');
    writeFileSync(wish.results, saved);
    const again = start();
    await expect.poll(() => again.status.written, TIMEOUT).toBe(2);
    await again.stop();
    expect(readFileSync(wish.results, 'utf8')).toBe(saved);
  });

  it('are read again when the program that writes a file keeps it to itself, and the others meanwhile', async () => {
    const { write, wish, said, file, judge, database } = await plant(ROWS);
    const held = write('記録/書込中.csv', '温度,圧力\n16,1\n');
    write('記録/a.csv', '温度,圧力\n30,1\n');
    let isHeld = true;
    const openFile: typeof open = async (where, ...rest) => {
      if (isHeld && where === held) throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
      return open(where, ...rest);
    };
    const arrivals = new CsvArrivals({
      ...{ wish, kind: 'rows', judge, openFile },
      files: new WatchedFiles(database, wish.results),
      // The first look opens the model, too, and is to see all files all the same.
      times: { ...WATCH_TIMES, ...TIMES, judgeMs: 20_000, busyMs: 2_000 },
    });
    const look = () => arrivals.look({ isStopped: () => false, report: () => {} });
    expect((await look()).problem).toBeNull();
    expect(said()).toEqual(['a.csv:2 NG']);
    expect(arrivals.waiting).toBe(1);
    const problem = async () => (await look()).problem;
    await expect.poll(problem, TIMEOUT).toMatchObject({ code: 'judging/source-held', detail: held });
    isHeld = false;
    appendFileSync(file('記録/書込中.csv'), '17,1\n');
    expect((await look()).problem).toBeNull();
    expect(said()).toEqual(['a.csv:2 NG', '書込中.csv:2 OK', '書込中.csv:3 OK']);
    expect(arrivals.waiting).toBe(0);
    arrivals.close();
  });

  it('begin another table before a spreadsheet could not open it any more', async () => {
    const { write, start, said, wish, root } = await plant(ROWS);
    write('記録/a.csv', '温度,圧力\n16,1\n');
    const first = start();
    await expect.poll(said, TIMEOUT).toHaveLength(1);
    await first.stop();
    appendFileSync(wish.results, '1,,,,,,,,,,,000000000000@1\r\n'.repeat(1_000_000));
    appendFileSync(join(wish.path, 'a.csv'), '30,1\n');
    const second = start();
    await expect.poll(said, TIMEOUT).toEqual(['a.csv:3 NG']);
    await second.stop();
    const aside = readdirSync(root).filter((name) => name.startsWith('結果 '));
    expect(aside).toEqual([expect.stringMatching(/^結果 \d{4}-\d\d-\d\d \d{6}\.csv$/)]);
  });
});

describe('a series that goes on', () => {
  const line = (row: number) => `${14 + (row % 12)}\r\n`;
  const log = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => line(from + index)).join('');

  it('is judged window by window as it grows, as the whole file would be', async () => {
    const { start, said, judged, file, rows } = await plant(WINDOWS, '記録/1号機.csv');
    const where = file('記録/1号機.csv');
    const first = start();
    await expect.poll(() => first.status.problem?.code, TIMEOUT).toBe('judging/not-found');
    writeFileSync(where, '温度\r\n');
    for (let row = 0; row < 40; row++) {
      const text = line(row);
      // Half a line at first.
      appendFileSync(where, text.slice(0, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(where, text.slice(1));
    }
    await expect.poll(said, TIMEOUT).toHaveLength(19);
    expect(first.status).toMatchObject({ kind: 'windows', problem: null });
    expect(first.status.recent[0]).toMatchObject({
      item: { line: 41 },
      values: [{ name: '温度', value: 14 + (39 % 12) }],
    });
    await first.stop();
    // In the middle of a window.
    appendFileSync(where, log(40, 41));
    const second = start();
    appendFileSync(where, log(41, 60));
    await expect.poll(said, TIMEOUT).toHaveLength(29);
    await second.stop();
    expect(said()).toEqual(await judged(where));
    expect(new Set(rows().map(({ 結果 }) => 結果))).toEqual(new Set(['OK', 'NG']));
  });

  it.each([
    [
      'renamed, and begun anew',
      (where: string, next: string) => {
        renameSync(where, where.replace('.csv', '-昨日.csv'));
        writeFileSync(where, next);
      },
    ],
    [
      'copied away, and emptied',
      (where: string, next: string) => {
        copyFileSync(where, where.replace('.csv', '-昨日.csv'));
        truncateSync(where, 0);
        writeFileSync(where, next);
      },
    ],
    ['written over', (where: string, next: string) => writeFileSync(where, next)],
  ])('goes on when its file is %s, watched alone or in its folder, running or not', async (how, rotate) => {
    for (const watched of ['記録/1号機.csv', '記録']) {
      for (const isRunning of [true, false]) {
        const { start, said, judged, file } = await plant(WINDOWS, watched);
        const where = file('記録/1号機.csv');
        writeFileSync(where, `温度\r\n${log(0, 20)}`);
        const first = start();
        await expect.poll(said, TIMEOUT).toHaveLength(9);
        if (!isRunning) await first.stop();
        // The last rows before the change are in no other file.
        const isKept = how !== 'written over';
        if (isKept) appendFileSync(where, log(20, 24));
        const before = isKept ? await judged(where) : [];
        rotate(where, `温度\r\n${log(100, 130)}`);
        const after = isRunning ? first : start();
        const wanted = 9 + (isKept ? 2 : 0) + 14;
        await expect.poll(said, TIMEOUT).toHaveLength(wanted);
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(said()).toHaveLength(wanted);
        await after.stop();
        const lines = said().map((each) => each.split(':')[1]);
        if (isKept) {
          const yesterday = before.map((each) => each.split(':')[1]);
          expect(lines.slice(0, 11)).toEqual(yesterday);
        }
        expect(lines.slice(-14)).toEqual((await judged(where)).map((each) => each.split(':')[1]));
      }
    }
  });

  it('has its last rows judged before the new ones though it is copied away while a look is under way', async () => {
    const { wish, said, judged, judge, database, file } = await plant(WINDOWS);
    const where = file('記録/1号機.csv');
    const yesterday = file('記録/1号機-昨日.csv');
    writeFileSync(where, `温度\r\n${log(0, 20)}`);
    let isTurned = true;
    const openFile: typeof open = async (...asked) => {
      // The folder has been read by then, and had no second file.
      if (!isTurned) {
        isTurned = true;
        copyFileSync(where, yesterday);
        writeFileSync(where, `温度\r\n${log(100, 130)}`);
      }
      return open(...asked);
    };
    const arrivals = new CsvArrivals({
      ...{ wish, kind: 'windows', judge, openFile },
      files: new WatchedFiles(database, wish.results),
      times: { ...WATCH_TIMES, ...TIMES, judgeMs: 20_000 },
    });
    const look = () => arrivals.look({ isStopped: () => false, report: () => {} });
    await look();
    expect(said()).toHaveLength(9);
    appendFileSync(where, log(20, 24));
    isTurned = false;
    expect((await look()).hasMore).toBe(true);
    expect(said()).toHaveLength(9);
    await look();
    const results = (lines: readonly string[]) => lines.map((each) => each.split(':')[1]);
    expect(results(said())).toEqual(results([...(await judged(yesterday)), ...(await judged(where))]));
    arrivals.close();
  });

  it('is not judged again by a program that writes the whole file each time', async () => {
    const { start, said, judged, file } = await plant(WINDOWS, '記録/1号機.csv');
    const where = file('記録/1号機.csv');
    const watch = start();
    for (let rows = 10; rows <= 40; rows += 10) {
      writeFileSync(where, '');
      await new Promise((resolve) => setTimeout(resolve, 40));
      writeFileSync(where, `温度\r\n${log(0, rows)}`);
      await expect.poll(said, TIMEOUT).toHaveLength(rows / 2 - 1);
    }
    await watch.stop();
    expect(said()).toEqual(await judged(where));
  });

  it('has a new file each hour in a folder, and no window over two of them', async () => {
    const { start, said, judged, file } = await plant(WINDOWS);
    const watch = start();
    const files = ['08', '09', '10'].map((hour) => file(`記録/11-26/${hour}時.csv`));
    mkdirSync(file('記録/11-26'));
    for (const [hour, where] of files.entries()) {
      writeFileSync(where, '温度\r\n');
      for (let row = 0; row < 5; row++) appendFileSync(where, line(hour * 5 + row));
      await expect.poll(said, TIMEOUT).toHaveLength(hour + 1);
    }
    await watch.stop();
    const all = (await Promise.all(files.map(judged))).flat();
    expect(said().map((each) => each.replace('11-26/', ''))).toEqual(all);
  });
});
