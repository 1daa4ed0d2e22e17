import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@genba/shared/model/random';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { command, readStatus } from './agent-window.ts';
import { digitsTask, writeDigits } from './digits.ts';
import { PROGRAMS, Program } from './program.ts';

/** Kills of each kind of process. */
const KILLS = 20;

/** Longest time between two kills, milliseconds: a few rounds of the small task. */
const LONGEST_CALM_MS = 600;

const DEADLINE_MS = 60_000;

const TASK = digitsTask(32, { training: { batchSize: 20 } });

interface Plant {
  readonly folder: string;
  readonly args: readonly string[];
  readonly agent: Program;
}

let folder: string;
let aggregator: Program;
let aggregatorArgs: string[];
let plants: Plant[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 停電 '));
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(TASK));
  aggregator = new Program(PROGRAMS.aggregator);
  const args = (port: string) => [
    '--data',
    path.join(folder, 'aggregator'),
    '--port',
    port,
    '--open-loopback',
    '--task',
    taskFile,
  ];
  const { host, port } = new URL(/http:\S+/.exec(await aggregator.start(args('0')))![0]);
  aggregatorArgs = args(port);
  plants = await Promise.all(
    ['第一工場', '第二工場'].map(async (name, index) => {
      const dataset = path.join(folder, 'digits', name);
      await writeDigits(dataset, 200, index * 200);
      const dataFolder = path.join(folder, name);
      mkdirSync(dataFolder);
      return {
        folder: dataFolder,
        args: [
          '--data',
          dataFolder,
          '--server',
          host,
          '--dataset',
          dataset,
          '--rest',
          '0',
          '--backend',
          'wasm',
        ],
        agent: new Program(PROGRAMS.agent),
      };
    }),
  );
  await Promise.all(plants.map(({ agent, args: agentArgs }) => agent.start(agentArgs)));
});

afterAll(async () => {
  await Promise.all(
    [aggregator, ...plants.map(({ agent }) => agent)].map((program) => program.end('SIGKILL')),
  );
  rmSync(folder, { recursive: true, force: true });
});

/** The trainer that an agent's present life started last, or null while it has none. */
function trainerPid({ agent }: Plant): number | null {
  const started = agent.log.findLast(({ msg }) => msg === 'training method');
  return (started?.pid as number | undefined) ?? null;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has died meanwhile: that was the kill of its agent.
    return false;
  }
}

/** Kills each kind of process `KILLS` times, at random moments in random order. */
async function killAtRandom(random: () => number): Promise<Record<string, number>> {
  const killed = { aggregator: 0, agent: 0, trainer: 0 };
  while (Object.values(killed).some((count) => count < KILLS)) {
    await sleep(random() * LONGEST_CALM_MS);
    const left = (Object.keys(killed) as (keyof typeof killed)[]).filter((kind) => killed[kind] < KILLS);
    const victim = left[Math.floor(random() * left.length)]!;
    const plant = plants[Math.floor(random() * plants.length)]!;
    if (victim === 'aggregator') {
      await aggregator.end('SIGKILL');
      await aggregator.start(aggregatorArgs);
      killed.aggregator += 1;
    } else if (victim === 'agent') {
      await plant.agent.end('SIGKILL');
      await plant.agent.start(plant.args);
      killed.agent += 1;
    } else {
      const pid = trainerPid(plant);
      if (pid !== null && kill(pid)) killed.trainer += 1;
    }
  }
  return killed;
}

async function waitUntilDelivered(plant: Plant): Promise<void> {
  await command(plant.folder, 'pause');
  await expect
    .poll(async () => (await readStatus(plant.folder)).queue, { timeout: DEADLINE_MS, interval: 200 })
    .toMatchObject({ roundsWaiting: 0, updatesWaiting: 0 });
}

/** Opens a database that nobody uses any more. */
function openDatabase(...parts: string[]): Database.Database {
  const database = new Database(path.join(folder, ...parts), { readonly: true });
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  return database;
}

function allWeightFiles(): string[] {
  const root = path.join(folder, 'aggregator', 'weights');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

it('loses no finished round and applies none twice, whatever is killed', { timeout: 300_000 }, async () => {
  const seed = Number(process.env.GENBA_SEED ?? Date.now() % 1_000_000);
  console.info(`GENBA_SEED=${seed} repeats these moments`);
  const killed = await killAtRandom(seededRandom(seed));
  expect(killed).toEqual({ aggregator: KILLS, agent: KILLS, trainer: KILLS });

  await Promise.all(plants.map(waitUntilDelivered));
  await Promise.all(plants.map(({ agent }) => agent.end('SIGTERM')));
  await aggregator.end('SIGTERM');

  const catalogue = openDatabase('aggregator', 'catalogue.sqlite');
  let updatesInAll = 0;
  for (const plant of plants) {
    const database = openDatabase(path.basename(plant.folder), 'agent.sqlite');
    const rounds = database.prepare('SELECT number, update_id FROM round ORDER BY number').all() as {
      number: number;
      update_id: string;
    }[];
    // Every round that was ever reported as finished is there, and the plant did finish some.
    const logged = plant.agent.log
      .filter(({ msg }) => msg === 'round finished')
      .map(({ round }) => round as number);
    expect(rounds.map(({ number }) => number)).toEqual(rounds.map((_, index) => index + 1));
    expect(rounds.length).toBeGreaterThanOrEqual(Math.max(...logged));
    expect(rounds.length).toBeGreaterThan(KILLS);

    const { client_id: clientId } = database.prepare('SELECT client_id FROM client').get() as {
      client_id: string;
    };
    const updates = catalogue
      .prepare('SELECT id, rounds, state FROM updates WHERE client_id = ? ORDER BY id')
      .all(clientId) as { id: string; rounds: number; state: string }[];
    // Its updates at the aggregator are exactly those it sent, each merged once, with all of their rounds.
    expect(updates.map(({ id }) => id)).toEqual([...new Set(rounds.map((round) => round.update_id))].sort());
    expect(updates.every(({ state }) => state === 'applied')).toBe(true);
    expect(updates.reduce((total, update) => total + update.rounds, 0)).toBe(rounds.length);
    updatesInAll += updates.length;
    database.close();
  }
  const versions = catalogue.prepare('SELECT global_version FROM task_state').pluck().all();
  expect(versions).toEqual([updatesInAll]);
  catalogue.close();
  for (const file of allWeightFiles()) {
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(path.basename(file));
  }
});
