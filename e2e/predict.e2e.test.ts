import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DIGIT_SIZE, pickDigits, readMnist } from '../demo/mnist.ts';
import { readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const TRAINING = 1_000;
/** Digits that nobody has trained on. */
const NEW = 40;
const FIRST_NEW = 5_000;

let folder: string;
let dataFolder: string;
let port: number;
let agentArgs: string[];
let pictures: string[];
let labels: string[];
const aggregator = new Program(PROGRAMS.aggregator);
const agent = new Program(PROGRAMS.agent);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** New digits as PNG files, as a camera would leave them. */
async function writePictures(where: string): Promise<void> {
  const positions = Array.from({ length: NEW }, (_, index) => FIRST_NEW + index);
  const digits = pickDigits(readMnist('test'), positions);
  mkdirSync(where);
  labels = Array.from(digits.labels, String);
  pictures = labels.map((_, index) => path.join(where, `部品 ${String(index).padStart(2, '0')}.png`));
  const size = DIGIT_SIZE ** 2;
  const raw = { width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 } as const;
  for (const [index, file] of pictures.entries()) {
    await sharp(digits.images.subarray(index * size, (index + 1) * size), { raw })
      .png()
      .toFile(file);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 判定 '));
  dataFolder = path.join(folder, '第一工場');
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(digitsTask(32, { training: { epochs: 6, learningRate: 0.2 } })));
  const dataset = path.join(folder, 'digits');
  await writeDigits(dataset, TRAINING);
  await writePictures(path.join(folder, '検査'));
  const line = await aggregator.start([
    ...['--data', path.join(folder, 'aggregator'), '--port', '0', '--open-loopback', '--task', taskFile],
  ]);
  port = await freePort();
  agentArgs = [
    ...['--data', dataFolder, '--server', new URL(/http:\S+/.exec(line)![0]).host, '--dataset', dataset],
    ...['--rounds', '2', '--rest', '0', '--backend', 'wasm', '--predict-port', String(port)],
  ];
  await agent.start(agentArgs);
}, 180_000);

afterAll(async () => {
  await Promise.all([agent, aggregator].map((program) => program.end('SIGKILL')));
  rmSync(folder, { recursive: true, force: true });
});

const rightOf = (told: readonly (string | undefined)[]) =>
  told.filter((className, index) => className === labels[index]).length / told.length;

it('judges new pictures by what was learnt: on the command line and over HTTP, the same', {
  timeout: 180_000,
}, async () => {
  // What was learnt has been to the aggregator and back, was judged, and one of the three is in use.
  await expect
    .poll(async () => (await readStatus(dataFolder)).model?.inUse.globalVersion ?? 0, { timeout: 120_000 })
    .toBeGreaterThan(0);
  const judged = await runProgram(
    'agent',
    'judge',
    path.dirname(pictures[0]!),
    '--data',
    dataFolder,
    '--json',
  );
  expect(judged.exitCode).toBe(0);
  const items = judged.stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as { name: string; verdict: { className: string; certainty: number } });
  expect(items.map(({ name }) => name)).toEqual(pictures.map((file) => path.basename(file)));
  const told = items.map(({ verdict }) => verdict.className);
  // Guessing would be right one time in ten.
  expect(rightOf(told)).toBeGreaterThan(0.6);

  const { stdout: token } = await runProgram('agent', 'predict-token', '--data', dataFolder);
  const images = await Promise.all(
    pictures.map(async (file) => (await sharp(file).png().toBuffer()).toString('base64')),
  );
  const post = (authorization: string) =>
    fetch(`http://127.0.0.1:${port}/predict`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ images }),
    });
  const response = await post(`Bearer ${token.trim()}`);
  expect(response.status).toBe(200);
  const answer = (await response.json()) as {
    results: { verdict: { className: string; certainty: number } }[];
  };
  expect(answer.results.map(({ verdict }) => verdict)).toEqual(items.map(({ verdict }) => verdict));
  expect((await post('Bearer wrong')).status).toBe(401);

  const threshold = ['reject-good', '10%', '--good-class', '0', '--data', dataFolder, '--json'];
  const rejection = JSON.parse((await runProgram('agent', ...threshold)).stdout);
  expect(rejection).toMatchObject({ goodClasses: ['0'], reason: null, threshold: expect.any(Number) });
  const { goodPassed, goodRejected, badFound, badMissed } = rejection.measured;
  // Measured on parts that the threshold was not chosen by, so about a tenth and not at most a tenth.
  expect(goodRejected).toBeLessThanOrEqual(0.3 * (goodPassed + goodRejected));
  const { validation } = (await readStatus(dataFolder)).dataset!;
  expect(goodPassed + goodRejected + badFound + badMissed).toBe(validation);
});

it('judges each picture of a watched folder once, however often the agent is killed meanwhile', {
  timeout: 180_000,
}, async () => {
  const watched = path.join(folder, '流れてくる画像');
  const results = path.join(folder, '結果.csv');
  mkdirSync(watched);
  const started = ['judge-folder', watched, '--results', results, '--lang', 'ja', '--data', dataFolder];
  expect((await runProgram('agent', ...started)).exitCode).toBe(0);
  const text = () => (existsSync(results) ? readFileSync(results, 'utf8') : '');
  const rows = () => parse(text(), { bom: true, columns: true }) as Record<string, string>[];
  const third = Math.ceil(NEW / 3);
  for (let from = 0; from < NEW; from += third) {
    const some = pictures.slice(from, from + third);
    for (const file of some) copyFileSync(file, path.join(watched, path.basename(file)));
    // In the middle of it, wherever that is: while it decodes, judges, or writes.
    await expect
      .poll(() => text().split('\n').length, { timeout: 60_000, interval: 5 })
      .toBeGreaterThan(from + 2);
    await agent.end('SIGKILL');
    await agent.start(agentArgs);
  }
  await expect.poll(() => rows().length, { timeout: 60_000 }).toBe(NEW);
  // Nothing comes after that.
  const status = ['judge-folder', '--data', dataFolder, '--lang', 'ja'];
  await expect
    .poll(async () => (await runProgram('agent', ...status)).stdout, { timeout: 30_000 })
    .toContain(`表に${NEW}件、判定待ち0件`);
  expect(text().startsWith('\uFEFF')).toBe(true);
  const written = rows().toSorted((a, b) => (a.ファイル! < b.ファイル! ? -1 : 1));
  expect(written.map((row) => row.ファイル)).toEqual(pictures.map((file) => path.basename(file)));
  expect(rightOf(written.map((row) => row.結果))).toBeGreaterThan(0.6);
  expect(new Set(written.map((row) => row.sha256)).size).toBe(NEW);
});
