import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, expect, it } from 'vitest';
import { alternately, LogPlant, logRows, SHAFTS, SPINDLE } from './log-plant.ts';
import { runProgram } from './run-program.ts';

let plant: LogPlant;

afterEach(() => plant?.end());

type Row = Record<string, string>;

/** Rows of a table of results, as far as they are whole. */
function tableOf(file: string): Row[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return parse(text.slice(0, text.lastIndexOf('\n') + 1), { bom: true, columns: true });
}

/** What the command says of a whole file. */
async function judged(file: string): Promise<string[]> {
  const { stdout } = await runProgram('agent', 'judge', file, '--data', plant.dataFolder, '--json');
  return stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as { line: number; verdict: { className: string } })
    .map(({ line, verdict }) => `${line} ${verdict.className}`);
}

const said = (rows: readonly Row[]) => rows.map((row) => `${row.行} ${row.結果}`);
const command = (...args: string[]) =>
  runProgram('agent', ...args, '--data', plant.dataFolder, '--lang', 'ja');

it('judges each window of a log that grows once, over kill -9 and a new day, by what was learnt', {
  timeout: 240_000,
}, async () => {
  plant = await LogPlant.start(SPINDLE);
  const results = path.join(plant.folder, '1号機 判定結果.csv');
  const today = plant.begin('1号機.csv');
  expect((await command('judge-folder', today, '--results', results)).exitCode).toBe(0);
  const windows = (rows: number) => Math.floor((rows - 8) / 4) + 1;
  let row = 0;
  const write = async (to: number) => {
    for (; row < to; row += 3) {
      const text = logRows(row, Math.min(row + 3, to), alternately);
      // Loggers write in blocks that end anywhere.
      appendFileSync(today, text.slice(0, 10));
      await new Promise((resolve) => setTimeout(resolve, 1));
      appendFileSync(today, text.slice(10));
    }
    row = to;
  };
  for (const to of [400, 800, 1200]) {
    const written = tableOf(results).length;
    await write(to);
    // In the middle of it, wherever that is.
    await expect
      .poll(() => tableOf(results).length, { timeout: 60_000, interval: 2 })
      .toBeGreaterThan(written);
    await plant.killAgent();
    await plant.startAgent();
  }
  await expect.poll(() => tableOf(results).length, { timeout: 60_000 }).toBe(windows(1200));
  // Midnight: the log gets another name while the agent is away, with rows that nobody has judged.
  await write(1240);
  await plant.killAgent();
  const yesterday = path.join(plant.logs, '1号機-1125.csv');
  renameSync(today, yesterday);
  plant.begin('1号機.csv');
  appendFileSync(
    today,
    logRows(0, 100, (each) => !alternately(each)),
  );
  await plant.startAgent();
  const wanted = windows(1240) + windows(100);
  await expect.poll(() => tableOf(results).length, { timeout: 60_000 }).toBe(wanted);
  await expect
    .poll(async () => (await command('judge-folder')).stdout, { timeout: 30_000 })
    .toContain(`表に${wanted}件、判定待ち0件`);
  const rows = tableOf(results);
  expect(said(rows)).toEqual([...(await judged(yesterday)), ...(await judged(today))]);
  expect(new Set(rows.map(({ position }) => position)).size).toBe(wanted);
  // Whole windows of one kind are told right.
  const verdictAt = (line: number) => rows.find((each) => each.行 === String(line))?.結果;
  expect([17, 33, 49].map(verdictAt)).toEqual(['OK', 'NG', 'OK']);
  const { stdout } = await command('judge-folder', '--json');
  const [status] = JSON.parse(stdout);
  expect(status).toMatchObject({ kind: 'windows', problem: null, recent: expect.any(Array) });
  expect(status.recent[0].values.map(({ name }: { name: string }) => name)).toEqual(['温度', '振動']);
});

it('judges each row of the files of a folder once, over kill -9, and those of later files', {
  timeout: 240_000,
}, async () => {
  plant = await LogPlant.start(SHAFTS);
  const started = await command('judge-folder', plant.logs);
  expect(started.exitCode).toBe(0);
  const results = `${plant.logs} 判定結果.csv`;
  expect(started.stdout).toContain(`${plant.logs} → ${results}`);
  let rows = 0;
  for (const lot of ['ロット 1.csv', 'ロット 2.csv', 'ロット 3.csv']) {
    const file = plant.begin(lot);
    appendFileSync(file, logRows(0, 1500, alternately));
    rows += 1500;
    await expect
      .poll(() => tableOf(results).length, { timeout: 60_000, interval: 2 })
      .toBeGreaterThan(rows - 1500);
    await plant.killAgent();
    await plant.startAgent();
  }
  await expect.poll(() => tableOf(results).length, { timeout: 60_000 }).toBe(rows);
  const table = tableOf(results);
  for (const lot of ['ロット 1.csv', 'ロット 2.csv', 'ロット 3.csv']) {
    const ofLot = table.filter(({ ファイル }) => ファイル === lot);
    expect(said(ofLot)).toEqual(await judged(path.join(plant.logs, lot)));
    expect(ofLot.filter(({ 結果 }, row) => (結果 === 'NG') === alternately(row))).toHaveLength(1500);
  }
  expect((await command('judge-folder', plant.logs, '--stop')).stdout).toContain(
    '監視中のフォルダーやファイルはありません。',
  );
});
