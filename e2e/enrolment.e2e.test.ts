import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { command, readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 60_000;
const PLANT_NAME = '仙台 第一工場';

const TASK = digitsTask();

let folder: string;
let serverFolder: string;
let plantFolder: string;
let dataset: string;
let port: string;
let aggregator: Program;
let agent: Program;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 登録 '));
  serverFolder = path.join(folder, '集約 サーバー');
  plantFolder = path.join(folder, '検査 ライン 2');
  dataset = path.join(folder, '数字');
  await writeDigits(dataset, 200);
  writeFileSync(path.join(folder, 'task.json'), JSON.stringify(TASK));
  aggregator = new Program(PROGRAMS.aggregator);
  agent = new Program(PROGRAMS.agent);
  port = '0';
  await serve();
});

afterEach(async () => {
  await Promise.all([aggregator.end('SIGKILL'), agent.end('SIGKILL')]);
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the aggregator with TLS and enrolment, as IT does. */
async function serve(...more: readonly string[]): Promise<void> {
  const task = path.join(folder, 'task.json');
  const fixed = ['--data', serverFolder, '--task', task, '--host', '127.0.0.1'];
  const line = await aggregator.start([...fixed, '--port', port, ...more]);
  port = /:(\d+)\D*$/.exec(line)![1]!;
}

/** Has the aggregator invite the plant; gives the link. */
async function invite(...more: readonly string[]): Promise<string> {
  const wish = ['--data', serverFolder, '--plant', PLANT_NAME, '--task', TASK.id];
  const { stdout } = await runProgram('aggregator', 'invite', ...wish, ...more);
  return /^genba:\S+$/m.exec(stdout)![0];
}

const enrol = (invitation: string) => runProgram('agent', 'enrol', invitation, '--data', plantFolder);
const train = () =>
  agent.start(['--data', plantFolder, '--dataset', dataset, '--backend', 'wasm', '--rest', '0.1']);
const delivered = async () => (await readStatus(plantFolder)).queue.updatesDelivered;
const deliversMoreThan = (count: number) =>
  expect.poll(delivered, { timeout: DEADLINE_MS }).toBeGreaterThan(count);

it('invites, enrols, trains over TLS, restarts, is revoked, and enrols again', {
  timeout: 240_000,
}, async () => {
  // The invitation as a file, whose path nobody quoted.
  const file = path.join(folder, '招待 状.genba-invite');
  await invite('--to', file);
  const enrolled = await runProgram('agent', 'enrol', ...file.split(' '), '--data', plantFolder);
  expect(enrolled).toMatchObject({ exitCode: 0 });
  expect(enrolled.stdout).toContain(PLANT_NAME);
  await train();
  await deliversMoreThan(2);
  const { identity, plantName, clientId, security } = await readStatus(plantFolder);
  expect({ plantName, security }).toEqual({ plantName: PLANT_NAME, security: 'enrolled' });

  // Both sides start anew; the agent knows all it needs.
  const before = await delivered();
  await agent.end('SIGKILL');
  await aggregator.end('SIGKILL');
  await serve();
  await agent.start(['--data', plantFolder]);
  await deliversMoreThan(before);

  // A new key, while both run.
  expect(await runProgram('agent', 'rotate-key', '--data', plantFolder)).toMatchObject({ exitCode: 0 });
  await expect
    .poll(async () => (await readStatus(plantFolder)).identity?.keyId, { timeout: DEADLINE_MS })
    .not.toBe(identity!.keyId);
  const rotated = (await readStatus(plantFolder)).identity!;
  expect(readdirSync(path.join(plantFolder, 'keys'))).toEqual([`${rotated.keyId}.pem`]);
  await deliversMoreThan(await delivered());

  const revoked = await runProgram('aggregator', 'revoke', '--data', serverFolder, '--client', clientId);
  expect(revoked).toMatchObject({ exitCode: 0 });
  await expect
    .poll(async () => (await readStatus(plantFolder)).problem?.code, { timeout: DEADLINE_MS })
    .toBe('identity/revoked');
  const roundsThen = (await readStatus(plantFolder)).queue.roundsDone;
  await expect
    .poll(async () => (await readStatus(plantFolder)).queue.roundsDone, { timeout: DEADLINE_MS })
    .toBeGreaterThan(roundsThen + 1);
  expect((await readStatus(plantFolder)).network.state).not.toBe('online');

  // The running agent takes another invitation, and all that waited goes out.
  const last = await delivered();
  expect(await enrol(await invite())).toMatchObject({ exitCode: 0 });
  await deliversMoreThan(last + 1);
  expect((await readStatus(plantFolder)).problem).toBeNull();
  await command(plantFolder, 'pause');
  await expect
    .poll(async () => (await readStatus(plantFolder)).queue, { timeout: DEADLINE_MS })
    .toMatchObject({ roundsWaiting: 0, updatesRefused: 0 });
  expect((await readStatus(plantFolder)).clientId).toBe(clientId);
});

it('refuses a used invitation, another aggregator, and one without encryption', {
  timeout: 120_000,
}, async () => {
  const link = await invite();
  expect(await enrol(link)).toMatchObject({ exitCode: 0 });
  // Said again on this PC it is fine, on another PC not.
  expect(await enrol(link)).toMatchObject({ exitCode: 0 });
  const other = path.join(folder, 'もう1台');
  mkdirSync(other);
  const spent = await runProgram('agent', 'enrol', link, '--data', other);
  expect(spent.stderr).toContain(ERROR_CATALOGUE['identity/code-spent'].ja);

  // Another aggregator at the same address: another certificate.
  const fresh = await invite();
  await train();
  await deliversMoreThan(0);
  await aggregator.end('SIGTERM');
  const kept = serverFolder;
  serverFolder = path.join(folder, '別の集約');
  await serve();
  const middle = await runProgram('agent', 'enrol', fresh, '--data', other);
  expect(middle.stderr).toContain(ERROR_CATALOGUE['tls/other-certificate'].en);
  await expect
    .poll(async () => (await readStatus(plantFolder)).problem?.code, { timeout: DEADLINE_MS })
    .toBe('tls/untrusted');

  // The right one, but open: not for a PC that has enrolled. Started anew, it need not wait to try again.
  await Promise.all([aggregator.end('SIGTERM'), agent.end('SIGTERM')]);
  serverFolder = kept;
  await serve('--open-loopback');
  await agent.start(['--data', plantFolder]);
  await expect
    .poll(async () => (await readStatus(plantFolder)).problem?.code, { timeout: DEADLINE_MS })
    .toBe('tls/failed');
  expect((await readStatus(plantFolder)).network.state).not.toBe('online');
});
