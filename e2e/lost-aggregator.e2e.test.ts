import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aggregatorStatusSchema } from '@genba/shared/protocol/status';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { command, readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';

const DEADLINE_MS = 30_000;

const TASK = digitsTask();

let folder: string;
let aggregator: Program;
let agent: Program;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba-lost-'));
  aggregator = new Program(PROGRAMS.aggregator);
  agent = new Program(PROGRAMS.agent);
});

afterEach(async () => {
  await Promise.all([aggregator.end('SIGKILL'), agent.end('SIGKILL')]);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command of the aggregator to its end. @throws Error unless it succeeds */
function operate(...args: string[]): void {
  const program = path.resolve(import.meta.dirname, '..', PROGRAMS.aggregator);
  execFileSync(process.execPath, [program, ...args], { stdio: 'pipe' });
}

it.each([
  { loss: 'has lost everything', hasBackup: false },
  { loss: 'was restored from a backup of earlier', hasBackup: true },
])('sends all local progress to an aggregator that $loss', { timeout: 120_000 }, async ({ hasBackup }) => {
  const taskFile = path.join(folder, 'task.json');
  const serverFolder = path.join(folder, 'aggregator');
  const plantFolder = path.join(folder, 'plant');
  const dataset = path.join(folder, 'digits');
  writeFileSync(taskFile, JSON.stringify(TASK));
  await writeDigits(dataset, 200);

  const serverArgs = (port: string) => [
    '--open-loopback',
    '--data',
    serverFolder,
    '--port',
    port,
    '--task',
    taskFile,
  ];
  const address = /http:\S+/.exec(await aggregator.start(serverArgs('0')))![0];
  const { host, port } = new URL(address);
  const args = [
    '--data',
    plantFolder,
    '--server',
    host,
    '--dataset',
    dataset,
    '--backend',
    'wasm',
    '--rest',
    '0.1',
  ];
  await agent.start(args);
  const queue = async () => (await readStatus(plantFolder)).queue;
  await expect
    .poll(async () => (await queue()).updatesDelivered, { timeout: DEADLINE_MS })
    .toBeGreaterThan(3);

  const backup = path.join(folder, 'backup');
  if (hasBackup) {
    operate('backup', '--data', serverFolder, '--to', backup);
    const { updatesDelivered } = await queue();
    await expect
      .poll(async () => (await queue()).updatesDelivered, { timeout: DEADLINE_MS })
      .toBeGreaterThan(updatesDelivered + 3);
  }

  await aggregator.end('SIGTERM');
  rmSync(serverFolder, { recursive: true });
  if (hasBackup) operate('restore', '--from', backup, '--data', serverFolder);
  const roundsBefore = (await queue()).roundsDone;
  await expect
    .poll(async () => (await queue()).roundsDone, { timeout: DEADLINE_MS })
    .toBeGreaterThan(roundsBefore + 2);
  await aggregator.start(serverArgs(port));

  const deliveredBefore = (await queue()).updatesDelivered;
  await expect
    .poll(async () => (await queue()).updatesDelivered, { timeout: DEADLINE_MS })
    .toBeGreaterThan(deliveredBefore + 2);
  await command(plantFolder, 'pause');
  await expect.poll(queue, { timeout: DEADLINE_MS }).toMatchObject({ roundsWaiting: 0, updatesWaiting: 0 });
  expect((await queue()).updatesRefused).toBe(1);
  const status = await readStatus(plantFolder);
  expect(status.problem).toBeNull();
  const { tasks } = aggregatorStatusSchema.parse(await (await fetch(new URL('/status', address))).json());
  // What was trained since the last delivery before the loss is there, and everything after it.
  expect(tasks[0]!.clients[0]!.rounds).toBeGreaterThanOrEqual(status.queue.roundsDone - roundsBefore);
});
