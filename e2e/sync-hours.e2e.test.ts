import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAgent, askLedger } from '@genba/main/agent/local-api/ask-agent';
import { findAgent } from '@genba/main/agent/local-api/find-agent';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 60_000;

/** 51,000 weights, so that an update takes ten seconds at the limit below. */
const TASK = digitsTask(64);
const UPLOAD_LIMIT = '20';
const ROUNDS = 2;

let folder: string;
let dataFolder: string;
let agentArgs: string[];
let aggregator: Program;
let agent: Program;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 送信時間 '));
  dataFolder = path.join(folder, '第一工場');
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(TASK));
  const dataset = path.join(folder, 'digits');
  await writeDigits(dataset, 100);
  aggregator = new Program(PROGRAMS.aggregator);
  const data = path.join(folder, 'aggregator');
  const line = await aggregator.start([
    ...['--data', data, '--port', '0', '--open-loopback', '--task', taskFile],
  ]);
  agentArgs = [
    ...['--data', dataFolder, '--server', new URL(/http:\S+/.exec(line)![0]).host, '--dataset', dataset],
    ...['--rounds', `${ROUNDS}`, '--rest', '0', '--backend', 'wasm', '--upload-limit', UPLOAD_LIMIT],
  ];
  agent = new Program(PROGRAMS.agent);
});

afterAll(async () => {
  await Promise.all([agent, aggregator].map((program) => program.end('SIGKILL')));
  rmSync(folder, { recursive: true, force: true });
});

/** An hour of every day that begins six hours from now. */
function farHours(): string {
  const hour = (offset: number) => String((new Date().getHours() + offset) % 24).padStart(2, '0');
  return `daily ${hour(6)}:00-${hour(7)}:00`;
}

function until(picked: (status: AgentStatus) => unknown, expected: unknown): Promise<void> {
  const read = async () => picked(await readStatus(dataFolder));
  return expect.poll(read, { timeout: DEADLINE_MS, interval: 100 }).toEqual(expected);
}

async function setHours(syncWhen: string | null): Promise<void> {
  const endpoint = (await findAgent(dataFolder))!;
  await askAgent(endpoint, { id: 1, command: 'set-schedule', schedule: { syncWhen } });
}

const stateOf = ({ network }: AgentStatus) => network.state;

it('sends in its hours and at a wish, and goes on where it was interrupted', {
  timeout: 180_000,
}, async () => {
  const plan = farHours();
  await agent.start([...agentArgs, '--sync-when', plan]);
  // The first weights are fetched all the same; then it trains, and what it learns waits.
  await until(({ network, queue }) => [network.state, queue.roundsWaiting], ['outside-plan', ROUNDS]);
  const waiting = await readStatus(dataFolder);
  expect(waiting.problem).toBeNull();
  expect(waiting.schedule.syncWhen).toBe(plan);
  expect(waiting.base).not.toBeNull();
  expect(waiting.queue.updatesDelivered).toBe(0);
  const hoursAhead = (Date.parse(waiting.network.until!) - Date.now()) / 3_600_000;
  expect(hoursAhead).toBeGreaterThan(4.9);
  expect(hoursAhead).toBeLessThan(6.1);
  const said = (await runProgram('agent', 'status', '--data', dataFolder)).stdout;
  expect(said).toMatch(/sends from \w{3} \d\d:00, 2 rounds waiting[\s\S]*送信は.曜 \d\d:00からです/);

  // Its hours end in the middle of an upload.
  await setHours(null);
  await until(stateOf, 'online');
  await sleep(2_000);
  await setHours(plan);
  await until(stateOf, 'outside-plan');
  expect((await readStatus(dataFolder)).queue.roundsWaiting).toBe(ROUNDS);

  // A power cut in the middle of what somebody wants sent at once.
  expect(await runProgram('agent', 'sync-now', '--no-wait', '--data', dataFolder)).toMatchObject({
    exitCode: 0,
  });
  await until(({ network }) => [network.state, network.syncNow], ['online', 'running']);
  await sleep(2_000);
  await agent.end('SIGKILL');
  await agent.start(agentArgs);
  await until(
    ({ network, queue }) => [network.state, network.syncNow, queue.updatesWaiting],
    [...['outside-plan', 'done', 0]],
  );
  const done = await readStatus(dataFolder);
  expect(done.queue).toMatchObject({ roundsWaiting: 0, updatesDelivered: 1 });
  expect(done.base!.globalVersion).toBe(1);

  const { entries } = await askLedger((await findAgent(dataFolder))!, { since: null, until: null, after: 0 });
  expect(entries.length).toBe(3);
  const starts = entries.map(({ firstByte }) => firstByte);
  expect(starts).toEqual([0, ...starts.slice(1).toSorted((a, b) => a - b)]);
  expect(starts[1]).toBeGreaterThan(0);
  expect(starts[2]).toBeGreaterThan(starts[1]!);

  // With nothing left to send, it only asks whether there is news.
  const { exitCode, stdout } = await runProgram('agent', 'sync-now', '--data', dataFolder);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/All that waited has been sent\. \/ 待っていた分はすべて送信しました。\n$/);
  await until(stateOf, 'outside-plan');
  await agent.end('SIGTERM');
  const gone = await runProgram('agent', 'sync-now', '--data', dataFolder);
  expect(gone.exitCode).toBe(100);
  expect(gone.stderr).toContain('エージェントは動いていません');
});
