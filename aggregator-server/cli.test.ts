import { once } from 'node:events';
import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from './exit-codes.ts';
import { ARENAS_VARIABLE, FLAT_MEMORY } from './flat-memory.ts';
import { type Ended, launch, listen, openLoopback } from './testing/command.ts';
import { smallTask, trained } from './testing/fixtures.ts';
import { catalogueContent, statusOf } from './testing/gateway-bench.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { TestClient, updateOffer } from './testing/test-client.ts';

const SAMPLE_TASK = join(import.meta.dirname, 'tasks', 'mnist.json');

async function taskFile(folder: string, content: unknown): Promise<string> {
  const path = join(folder, 'タスク file.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function expectRefusal({ exitCode, stdout, stderr }: Ended, code: ErrorCode, detail?: string | RegExp): void {
  expect(exitCode).toBe(EXIT_CODES[code]);
  expect(stdout).toBe('');
  expect(stderr).toContain(ERROR_CATALOGUE[code].en);
  expect(stderr).toContain(ERROR_CATALOGUE[code].ja);
  if (detail !== undefined) expect(stderr).toMatch(detail);
}

/** What a server gives itself, unless who runs these tests has decided otherwise. */
const WANTED =
  process.env[ARENAS_VARIABLE] === undefined
    ? [...FLAT_MEMORY.nodeOptions, ...Object.entries(FLAT_MEMORY.environment).map((entry) => entry.join('='))]
    : [];

/** Command line and environment that a running process was started with. */
async function startOf(pid: number): Promise<string[]> {
  const parts = await Promise.all(
    ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
  );
  return parts.flatMap((text) => text.split('\0'));
}

/** For what the server does in its own time. */
const PATIENCE = { timeout: 15_000 };

describe('genba-aggregator', () => {
  it('starts on a free port, in a folder with spaces and Japanese, and stops on SIGTERM', async () => {
    const data = join(await temporaryFolder(), 'データ フォルダー', 'sub');
    const { child, ended, address } = await listen(openLoopback(data, SAMPLE_TASK));
    const { client, welcome } = await TestClient.join(address);
    expect(welcome.task.id).toBe('mnist');
    if (process.platform === 'linux')
      expect(await startOf(child.pid!)).toEqual(expect.arrayContaining(WANTED));
    child.kill('SIGTERM');
    expect(await client.closed).toBe(1001);
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(0);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });

  it.skipIf(process.platform === 'win32')(
    'may be executed by the name that its package gives it',
    async () => {
      const { bin } = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8'));
      await access(join(import.meta.dirname, bin['genba-aggregator']), constants.X_OK);
    },
  );

  it('stops, and says why, when the thread of its catalogue dies', async () => {
    const data = await temporaryFolder();
    const args = [
      '--open-loopback',
      '--data',
      data,
      '--port',
      '0',
      '--task',
      SAMPLE_TASK,
      '--log-level',
      'silent',
    ];
    const { stdout, ...ended } = await launch(args, './lose-catalogue.ts').ended;
    expect(stdout).toContain('listens on');
    expectRefusal({ ...ended, stdout: '' }, 'store/stopped', 'genba catalogue died');
  });

  it('loses nothing that has a receipt when it is killed, and starts again at once', async () => {
    const folder = await temporaryFolder();
    const task = smallTask();
    const args = openLoopback(folder, await taskFile(folder, task));
    const { child, ended, address } = await listen(args);
    const { client } = await TestClient.join(address);
    const { offer, weights: start } = await client.begin();
    const weights = trained(start, 1);
    const update = updateOffer({ taskId: task.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    await client.upload(update, weights);
    child.kill('SIGKILL');
    await ended;

    const again = await listen(args);
    const { client: second } = await TestClient.join(again.address, { clientId: client.clientId });
    second.send(update);
    // The reply may come first: it is offered as soon as the replay has merged the update.
    await expect.poll(async () => (await statusOf(again.address)).tasks[0]?.counts.applied, PATIENCE).toBe(1);
    again.child.kill('SIGKILL');
    await again.ended;
    expect(catalogueContent(folder).integrity).toEqual([{ integrity_check: 'ok' }]);
  });

  it('names a port in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => {
      blocker.close();
    });
    const { port } = blocker.address() as { port: number };
    const { ended } = launch([
      '--open-loopback',
      '--data',
      await temporaryFolder(),
      '--port',
      `${port}`,
      '--task',
      SAMPLE_TASK,
    ]);
    expectRefusal(await ended, 'startup/port-in-use', `${port}`);
  });

  it('names a data folder that it cannot write', async () => {
    const folder = await temporaryFolder();
    const file = await taskFile(folder, smallTask());
    const { ended } = launch(openLoopback(join(file, 'below a file'), file));
    expectRefusal(await ended, 'startup/data-not-writable', 'below a file');
  });

  it('leaves a data folder alone that another process uses', async () => {
    const args = openLoopback(await temporaryFolder(), SAMPLE_TASK);
    await listen(args);
    expectRefusal(await launch(args).ended, 'startup/already-running');
  });

  it('leaves a data folder alone that a newer program wrote', async () => {
    const folder = await temporaryFolder();
    const database = new Sqlite(join(folder, 'catalogue.sqlite'));
    database.pragma('user_version = 999');
    database.close();
    const { ended } = launch(openLoopback(folder, SAMPLE_TASK));
    expectRefusal(await ended, 'store/newer-database', '999');
  });

  it('listens on this computer only', async () => {
    const args = openLoopback(await temporaryFolder(), SAMPLE_TASK, '--host', '0.0.0.0');
    expectRefusal(await launch(args).ended, 'startup/host-not-loopback', '0.0.0.0');
  });

  it.each([
    ['that is missing', null, /タスク file\.json: no such file/],
    ['with a broken line', '{\n  "id": "small",\n  "name": }', /not JSON at line 3, column 11/],
    ['with wrong fields', { ...smallTask(), classes: ['ok'], epoch: 3 }, /classes: .*epoch/],
  ])('names what is wrong with a task file %s', async (_name, content, detail) => {
    const folder = await temporaryFolder();
    const path = content === null ? join(folder, 'タスク file.json') : await taskFile(folder, content);
    const { ended } = launch(openLoopback(join(folder, 'data'), path));
    expectRefusal(await ended, 'task/invalid', detail);
  });

  it('refuses a wrong command line with a code of its own', async () => {
    const { exitCode, stderr } = await launch([
      '--open-loopback',
      '--data',
      'x',
      '--port',
      '70000',
      '--task',
      SAMPLE_TASK,
    ]).ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain('65535');
  });
});
