import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT_CODES } from '@genba/main/agent/exit-codes';
import { stopAgent } from '@genba/main/agent/local-api/take-over';
import { LOCAL_API_ENDPOINT_FILE } from '@genba/shared/local-api/messages';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AGENT_LOG_FILE } from '../main/desktop/agent-process.ts';
import { ensureAgent } from '../tools/background-agent.ts';
import { readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 60_000;

const TASK = digitsTask();

/** How the desktop app runs the agent: detached, with its words in the data folder. */
const DESKTOP = {
  nodePath: process.execPath,
  cliPath: path.resolve(import.meta.dirname, '..', PROGRAMS.agent),
};

let folder: string;
let plantFolder: string;
let settings: string[];
let aggregator: Program;
let service: Program;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 交代 '));
  plantFolder = path.join(folder, '検査 ライン 2');
  mkdirSync(plantFolder);
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(TASK));
  const dataset = path.join(folder, '数字');
  await writeDigits(dataset, 200);
  aggregator = new Program(PROGRAMS.aggregator);
  service = new Program(PROGRAMS.agent);
  const serverFolder = path.join(folder, 'aggregator');
  const line = await aggregator.start([
    ...['--data', serverFolder, '--task', taskFile, '--port', '0', '--open-loopback'],
  ]);
  const server = new URL(/http:\S+/.exec(line)![0]).host;
  settings = ['--server', server, '--dataset', dataset, '--backend', 'wasm', '--rest', '0'];
});

afterEach(async () => {
  await service.end('SIGKILL');
  await stopAgent({ dataFolder: plantFolder, waitMs: 10_000, isForced: true });
  await aggregator.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const startService = (...more: readonly string[]) =>
  service.start(['run', '--take-over', '--data', plantFolder, ...more]);
const genbaAgent = (...args: readonly string[]) => runProgram('agent', ...args, '--data', plantFolder);
const startDesktop = () => ensureAgent(DESKTOP, plantFolder, settings);
const roundsDone = async () => (await readStatus(plantFolder)).queue.roundsDone;
const trainsOn = async (count = 3) => {
  const before = await roundsDone();
  await expect.poll(roundsDone, { timeout: DEADLINE_MS }).toBeGreaterThanOrEqual(before + count);
};

/** Numbers of the rounds that the desktop's agents said they had finished. */
function desktopRounds(): number[] {
  const lines = readFileSync(path.join(plantFolder, AGENT_LOG_FILE), 'utf8').split('\n');
  const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return entries.filter(({ msg }) => msg === 'round finished').map(({ round }) => round as number);
}

function serviceRounds(): number[] {
  return service.log.filter(({ msg }) => msg === 'round finished').map(({ round }) => round as number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('hands over from desktop to service and back while it trains, and loses no finished round', {
  timeout: 240_000,
}, async () => {
  const desktop = (await startDesktop())!;
  await trainsOn();
  // The service takes over. The other has closed its database by then; its process may take a moment to go.
  await startService();
  await expect.poll(() => isAlive(desktop.pid)).toBe(false);
  await trainsOn();
  // The desktop app finds the service's agent and starts none of its own.
  const attached = (await startDesktop())!;
  expect(attached.pid).toBe(service.pid);
  // The other way round: the service is stopped, then the app starts an agent.
  const stopped = await genbaAgent('stop');
  expect(stopped).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('停止しました') });
  const again = (await startDesktop())!;
  expect(again.pid).not.toBe(service.pid);
  await trainsOn();
  expect(await genbaAgent('stop')).toMatchObject({ exitCode: 0 });

  const database = new Database(path.join(plantFolder, 'agent.sqlite'), { readonly: true });
  const numbers = database.prepare('SELECT number FROM round ORDER BY number').pluck().all() as number[];
  database.close();
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  // Every round that either of them said it had finished is there, and no round was done by two of them.
  const told = [...desktopRounds(), ...serviceRounds()];
  expect(new Set(told).size).toBe(told.length);
  expect(told.every((number) => number <= numbers.length)).toBe(true);
  expect(told.length).toBeGreaterThanOrEqual(9);
});

it('starts at once over what an agent left that was killed', { timeout: 120_000 }, async () => {
  await startService(...settings);
  await trainsOn(1);
  await service.end('SIGKILL');
  const file = path.join(plantFolder, LOCAL_API_ENDPOINT_FILE);
  const stale = JSON.parse(readFileSync(file, 'utf8'));
  // The number of the process belongs to another one by now.
  writeFileSync(file, JSON.stringify({ ...stale, pid: process.pid }));
  expect(await genbaAgent('stop')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('No agent'),
  });
  // It would not be up if it took what was left for a living agent and waited for that.
  await startService('--wait', '1');
  await trainsOn(1);
});

it('never runs beside an agent that hangs, says which one, and ends it on demand', {
  timeout: 180_000,
}, async () => {
  await startService(...settings);
  await trainsOn(1);
  const hanging = service.pid;
  const rounds = await roundsDone();
  process.kill(hanging, 'SIGSTOP');
  const refused = await genbaAgent('run', '--take-over', '--wait', '2');
  expect(refused).toMatchObject({ exitCode: EXIT_CODES['startup/agent-hangs'] });
  expect(refused.stderr).toContain(`process ${hanging}`);
  expect(await genbaAgent('stop', '--wait', '2')).toMatchObject({
    exitCode: EXIT_CODES['startup/agent-hangs'],
  });
  expect(isAlive(hanging)).toBe(true);
  const forced = await genbaAgent('stop', '--wait', '2', '--force');
  expect(forced).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('強制終了') });
  await expect.poll(() => isAlive(hanging)).toBe(false);
  await startService();
  expect(await roundsDone()).toBeGreaterThanOrEqual(rounds);
  await trainsOn(1);
});

it('takes over from an agent that hung for a while', { timeout: 120_000 }, async () => {
  await startService(...settings);
  await trainsOn(1);
  const first = service.pid;
  process.kill(first, 'SIGSTOP');
  const successor = new Program(PROGRAMS.agent);
  try {
    const up = successor.start(['run', '--take-over', '--data', plantFolder]);
    await expect(Promise.race([up.then(() => 'up'), wait(3_000)])).resolves.toBe('waiting');
    process.kill(first, 'SIGCONT');
    await up;
    await expect.poll(() => isAlive(first)).toBe(false);
    await trainsOn(1);
  } finally {
    await successor.end('SIGKILL');
  }
});

const wait = (ms: number) => new Promise<'waiting'>((resolve) => setTimeout(() => resolve('waiting'), ms));
