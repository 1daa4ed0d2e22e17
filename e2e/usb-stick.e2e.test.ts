import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Invitation, invitationFile } from '@genba/shared/identity/invitation';
import type { ExportedFile, ImportedReply } from '@genba/shared/local-api/exchange';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cable } from '../demo/cable.ts';
import { DIGIT_SIZE } from '../demo/mnist.ts';
import { command, readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 60_000;
// Each plant's share is small and all its own here: what is out of the ordinary is another test's.
const TASK = digitsTask(16, { screening: { enabled: false } });

let folder: string;
let serverFolder: string;
let stick: string;
let port: string;
let aggregator: Program;
let cable: Cable;
const agents: Program[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 持ち運び '));
  serverFolder = path.join(folder, '集約 サーバー');
  stick = path.join(folder, 'USB メモリー');
  mkdirSync(stick);
  writeFileSync(path.join(folder, 'task.json'), JSON.stringify(TASK));
  aggregator = new Program(PROGRAMS.aggregator);
  port = '0';
  await serve();
  cable = await Cable.lay({ host: '127.0.0.1', port: Number(port) });
  cable.cut();
});

afterEach(async () => {
  await Promise.all([aggregator, ...agents].map((program) => program.end('SIGKILL')));
  agents.length = 0;
  await cable.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  const fixed = ['--data', serverFolder, '--task', path.join(folder, 'task.json'), '--host', '127.0.0.1'];
  const line = await aggregator.start([...fixed, '--port', port]);
  port = /:(\d+)\D*$/.exec(line)![1]!;
}

/** Runs a command that must succeed; gives the JSON objects that it prints. */
async function done<Printed>(program: keyof typeof PROGRAMS, ...args: readonly string[]): Promise<Printed[]> {
  const ended = await runProgram(program, ...args, '--json');
  expect(ended).toMatchObject({ exitCode: 0 });
  return ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed);
}

/** Invites a plant; the file names the addresses given, or those of the aggregator. */
async function invite(plantName: string, servers?: string[]): Promise<string> {
  const file = path.join(folder, `${plantName}.genba-invite`);
  const wish = ['--data', serverFolder, '--plant', plantName, '--task', TASK.id, '--to', file];
  expect(await runProgram('aggregator', 'invite', ...wish)).toMatchObject({ exitCode: 0 });
  if (servers !== undefined) {
    const invitation = JSON.parse(readFileSync(file, 'utf8')) as Invitation;
    writeFileSync(file, invitationFile({ ...invitation, servers }));
  }
  return file;
}

interface Plant {
  readonly folder: string;
  start(...more: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

async function makePlant(name: string, first: number): Promise<Plant> {
  const plantFolder = path.join(folder, name);
  const dataset = path.join(folder, `${name} 画像`);
  await writeDigits(dataset, 150, first);
  const agent = new Program(PROGRAMS.agent);
  agents.push(agent);
  return {
    folder: plantFolder,
    start: async (...more) => {
      const fixed = ['--data', plantFolder, '--dataset', dataset, '--backend', 'wasm', '--rest', '0.1'];
      await agent.start([...fixed, ...more]);
    },
    stop: () => agent.end('SIGTERM'),
  };
}

const queueOf = async ({ folder: of }: Plant) => (await readStatus(of)).queue;
const roundsReach = (plant: Plant, count: number) =>
  expect
    .poll(async () => (await queueOf(plant)).roundsDone, { timeout: DEADLINE_MS })
    .toBeGreaterThanOrEqual(count);

/** The files on the stick with this ending, oldest name first. */
const onStick = (extension: string) =>
  readdirSync(stick)
    .filter((name) => name.endsWith(extension))
    .map((name) => path.join(stick, name))
    .sort();

interface UpdateRow {
  readonly id: string;
  readonly state: string;
  readonly rounds: number;
  readonly digest: string;
}

function appliedOf(clientId: string): UpdateRow[] {
  const database = new Database(path.join(serverFolder, 'catalogue.sqlite'), { readonly: true });
  try {
    const select = 'SELECT id, state, rounds, digest FROM updates WHERE client_id = ? ORDER BY sequence';
    return database.prepare(select).all(clientId) as UpdateRow[];
  } finally {
    database.close();
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it('enrols a plant that never had a network, and carries its updates and their answers by stick', {
  timeout: 300_000,
}, async () => {
  const online = await makePlant('仙台 第一工場', 0);
  const island = await makePlant('隔離 ライン 2', 200);
  expect(
    await runProgram('agent', 'enrol', await invite('仙台 第一工場'), '--data', online.folder),
  ).toMatchObject({
    exitCode: 0,
  });
  await online.start();

  // The journey of the enrolment: invitation, request, reply.
  const invitation = await invite('隔離 ライン 2', [`wss://${cable.address}`]);
  const data = ['--data', island.folder];
  const [request] = await done<ExportedFile>(
    'agent',
    'request-enrolment',
    invitation,
    '--to',
    stick,
    ...data,
  );
  expect(request).toMatchObject({ asksToEnrol: true, plantName: '隔離 ライン 2' });
  const { code } = JSON.parse(readFileSync(invitation, 'utf8')) as Invitation;
  expect(readFileSync(request!.path).includes(code)).toBe(false);
  await done('aggregator', 'import', request!.path, '--replies', stick, '--data', serverFolder);
  const [welcome] = onStick('.genba-reply');
  // The PC next to it gets told whose file it is.
  const astray = await runProgram('agent', 'import-reply', welcome!, '--data', online.folder);
  expect(astray).toMatchObject({ exitCode: 66 });
  expect(astray.stderr).toContain('隔離 ライン 2');
  const [enrolled] = await done<ImportedReply>('agent', 'import-reply', welcome!, ...data);
  expect(enrolled).toMatchObject({ hasEnrolled: true, isNew: true });
  expect((await done<ImportedReply>('agent', 'import-reply', welcome!, ...data))[0]).toMatchObject({
    isNew: false,
  });

  // It trains, exports while it trains, and trains on.
  await island.start();
  await roundsReach(island, 2);
  const [first] = await done<ExportedFile>('agent', 'export-updates', stick, ...data);
  await roundsReach(island, first!.rounds + 2);
  // The stick is lost: written again it carries the same update, byte for byte.
  const [again] = await done<ExportedFile>(
    'agent',
    'export-updates',
    path.join(stick, '二本目.genba-update'),
    ...data,
  );
  expect(again).toMatchObject({ updateId: first!.updateId, rounds: first!.rounds });
  const tail = (file: string, sizeBytes: number) => sha256(readFileSync(file).subarray(-sizeBytes));
  const modelBytes = 2 * 4 * (DIGIT_SIZE * DIGIT_SIZE * 16 + 16 + 16 * 10 + 10);
  expect(tail(again!.path, modelBytes)).toBe(tail(first!.path, modelBytes));

  // Both sticks turn up, and one of them twice.
  const files = [first!.path, again!.path, first!.path];
  const taken = await done<{ isKnown: boolean; updateState: string }>(
    'aggregator',
    'import',
    ...files,
    '--data',
    serverFolder,
  );
  expect(taken.map(({ isKnown }) => isKnown)).toEqual([false, true, true]);
  const { clientId } = await readStatus(island.folder);
  expect(appliedOf(clientId)).toMatchObject([
    { id: first!.updateId, state: 'applied', rounds: first!.rounds },
  ]);

  const reply = path.join(stick, '返信.genba-reply');
  await done('aggregator', 'export-replies', reply, '--plant', '隔離 ライン 2', '--data', serverFolder);
  const [answered] = await done<ImportedReply>('agent', 'import-reply', reply, ...data);
  expect(answered).toMatchObject({ isNew: true, refusal: null });
  expect(answered!.installedVersion).toBeGreaterThan(0);
  expect(await done<ImportedReply>('agent', 'import-reply', reply, ...data)).toMatchObject([
    { isNew: false },
  ]);
  // The first reply is an old one now.
  expect(await runProgram('agent', 'import-reply', welcome!, ...data)).toMatchObject({ exitCode: 67 });

  // A second update is on its way by stick when somebody lays a cable.
  await roundsReach(island, (await queueOf(island)).roundsDone + 1);
  const [second] = await done<ExportedFile>('agent', 'export-updates', stick, ...data);
  expect(second!.updateId).not.toBe(first!.updateId);
  cable.heal();
  await expect
    .poll(async () => (await queueOf(island)).updatesDelivered, { timeout: DEADLINE_MS })
    .toBeGreaterThan(2);
  // The stick arrives late; nothing of it counts again, and the plant goes on.
  const [late] = await done<{ isKnown: boolean }>(
    'aggregator',
    'import',
    second!.path,
    '--data',
    serverFolder,
  );
  expect(late).toMatchObject({ isKnown: true, updateId: second!.updateId });
  for (const plant of [island, online]) await command(plant.folder, 'pause');
  for (const plant of [island, online]) {
    await expect
      .poll(async () => queueOf(plant), { timeout: DEADLINE_MS })
      .toMatchObject({ roundsWaiting: 0, updatesWaiting: 0, updatesRefused: 0 });
    const { roundsDone } = await queueOf(plant);
    const { clientId } = await readStatus(plant.folder);
    // The receipt comes before the merge.
    await expect
      .poll(() => appliedOf(clientId).every(({ state }) => state === 'applied'), { timeout: DEADLINE_MS })
      .toBe(true);
    const rows = appliedOf(clientId);
    expect(rows.reduce((sum, { rounds }) => sum + rounds, 0)).toBe(roundsDone);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  }
});

it('imports and answers while no server runs, and after a kill -9 in the middle', {
  timeout: 240_000,
}, async () => {
  const island = await makePlant('隔離 ライン 2', 200);
  const data = ['--data', island.folder];
  const invitation = await invite('隔離 ライン 2', [`wss://${cable.address}`]);
  await aggregator.end('SIGTERM');
  const request = await done<ExportedFile>('agent', 'request-enrolment', invitation, '--to', stick, ...data);
  await done('aggregator', 'import', request[0]!.path, '--replies', stick, '--data', serverFolder);
  await done('agent', 'import-reply', onStick('.genba-reply')[0]!, ...data);
  await island.start('--rounds', '2');
  await roundsReach(island, 2);
  await island.stop();
  const [file] = await done<ExportedFile>('agent', 'export-updates', stick, ...data);

  await serve();
  const importing = runProgram('aggregator', 'import', file!.path, '--data', serverFolder);
  const imports = path.join(serverFolder, 'imports');
  await expect
    .poll(() => readdirSync(imports, { withFileTypes: true }).length, { interval: 1, timeout: DEADLINE_MS })
    .toBeGreaterThan(0);
  await aggregator.end('SIGKILL');
  await serve();
  await importing;
  // Whatever the kill has hit, importing it again is right.
  const [taken] = await done<{ updateState: string }>(
    'aggregator',
    'import',
    file!.path,
    '--data',
    serverFolder,
  );
  expect(taken).toMatchObject({ updateId: file!.updateId, updateState: 'applied' });
  const { clientId } = taken as unknown as { clientId: string };
  expect(appliedOf(clientId)).toHaveLength(1);
  const reply = path.join(stick, '返信.genba-reply');
  await done('aggregator', 'export-replies', reply, '--device', clientId, '--data', serverFolder);
  expect(await done<ImportedReply>('agent', 'import-reply', reply, ...data)).toMatchObject([
    { isNew: true, installedVersion: 1 },
  ]);

  // A device that was locked out is not let in by file either.
  await runProgram('aggregator', 'revoke', '--data', serverFolder, '--client', clientId);
  const refused = await runProgram('aggregator', 'import', file!.path, '--data', serverFolder);
  expect(refused).toMatchObject({ exitCode: 79 });
  expect(await runProgram('agent', 'export-updates', stick, ...data)).toMatchObject({ exitCode: 69 });
});
