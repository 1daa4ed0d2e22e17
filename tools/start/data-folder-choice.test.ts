import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { chooseDataFolder } from './data-folder-choice.ts';

let demoPlants: string;
let server: Server;

beforeEach(async () => {
  setUp = [];
  demoPlants = await mkdtemp(join(tmpdir(), 'genba-choice-'));
  server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.close();
  await rm(demoPlants, { recursive: true });
});

const OWN = '/home/sato/.local/share/genba';
/** Data folders of plants that have an aggregator. */
let setUp: string[];

const choose = (given?: string, env: Record<string, string> = {}, hasSettings = false) =>
  chooseDataFolder({
    given,
    hasSettings,
    from: '/home/sato/line',
    env,
    platform: 'linux',
    home: '/home/sato',
    demoPlants,
    tryOutPlant: '/checkout/try-out/plant',
    isSetUp: async (folder) => setUp.includes(folder),
  });

async function addPlant(name: string, isRunning: boolean): Promise<string> {
  const folder = join(demoPlants, name);
  await mkdir(folder);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null && isRunning ? bound.port : 1;
  const endpoint = { pid: process.pid, address: `http://127.0.0.1:${port}`, token: 'ab'.repeat(32) };
  await writeFile(join(folder, 'agent.json'), JSON.stringify(endpoint));
  return folder;
}

it('takes the named folder before all else, then the environment', async () => {
  await addPlant('a', true);
  expect(await choose('/given', { GENBA_DATA: '/env' })).toEqual({ dataFolder: '/given', kind: 'plant' });
  expect(await choose(undefined, { GENBA_DATA: '/env' })).toEqual({ dataFolder: '/env', kind: 'plant' });
});

it('counts relative paths from where the command was typed', async () => {
  const dataFolder = '/home/sato/line-2';
  expect(await choose('../line-2')).toEqual({ dataFolder, kind: 'plant' });
  expect(await choose(undefined, { GENBA_DATA: '../line-2' })).toEqual({ dataFolder, kind: 'plant' });
});

it('takes the first plant of a demo that runs, and not one that a dead demo left', async () => {
  await addPlant('a', false);
  const running = await addPlant('b', true);
  expect(await choose()).toEqual({ dataFolder: running, kind: 'demo' });
});

it('takes the account’s own folder without a demo, where it is set up or is being set up', async () => {
  await addPlant('a', false);
  expect(await choose(undefined, {}, true)).toEqual({ dataFolder: OWN, kind: 'plant' });
  setUp = [OWN];
  expect(await choose()).toEqual({ dataFolder: OWN, kind: 'plant' });
});

it('takes a plant to try out where nobody has set one up, and leaves the account’s own alone', async () => {
  await addPlant('a', false);
  expect(await choose()).toEqual({ dataFolder: '/checkout/try-out/plant', kind: 'try-out' });
});

it('knows a demo’s plant that is named', async () => {
  const folder = await addPlant('a', true);
  expect(await choose(folder)).toEqual({ dataFolder: folder, kind: 'demo' });
});
