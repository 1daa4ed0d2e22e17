import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { readStatus } from './agent-window.ts';
import { type AppliedRounds, audit } from './chaos/accounts.ts';
import { Storm } from './chaos/storm.ts';
import type { BentTime } from './chaos/supervised.ts';
import { World } from './chaos/world.ts';

/** Faults that have to strike in one run; a long one may ask for more. */
const FAULTS = Number(process.env.GENBA_CHAOS_FAULTS ?? 500);

/** Repeats what is drawn, in the same order. */
const SEED = Number(process.env.GENBA_CHAOS_SEED ?? Date.now() % 1_000_000);

/** Rounds of each plant: enough that some are on their way as long as there are faults. */
const ROUNDS = Math.ceil(FAULTS / 10);

/** How fast the programs' time runs. */
const SPEED = 12;

/** Rest between two rounds in the programs' time, seconds. */
const REST_SECONDS = 20;

/** Within which time after the last fault everything has to be in sync, milliseconds. */
const SYNCED_WITHIN_MS = 60_000;

/** What programs say with their exit code when they cannot start on a full disk; all that they may end by themselves for. */
const FULL_AGENT = 8;
const FULL_AGGREGATOR = 18;

let folder: string;
let worlds: World[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 混乱 '));
});

afterAll(async () => {
  await Promise.all(worlds.map((world) => world.stop('SIGKILL')));
  for (const world of worlds) world.unmount();
  rmSync(folder, { recursive: true, force: true });
});

/** An aggregator with TLS and two enrolled plants, and an open one on this computer with two. */
async function begin(name: string, restSeconds: number): Promise<World[]> {
  const time: BentTime = { speed: SPEED, epoch: Date.now() };
  const common = { rounds: ROUNDS, restSeconds, time };
  const begun = [
    new World({
      ...common,
      folder: path.join(folder, name, '暗号化'),
      plantNames: ['仙台 第一工場', '名古屋'],
      isEncrypted: true,
      firstExample: 0,
    }),
    new World({
      ...common,
      folder: path.join(folder, name, '平文'),
      plantNames: ['熊本', '試作室'],
      isEncrypted: false,
      firstExample: 200,
    }),
  ];
  worlds.push(...begun);
  await Promise.all(begun.map((world) => world.start()));
  return begun;
}

/** Ends worlds and checks what they have written down. */
async function settle(begun: readonly World[]): Promise<AppliedRounds> {
  await Promise.all(begun.map((world) => world.stop()));
  const accounts = [];
  for (const world of begun) accounts.push(await audit(world, ROUNDS));
  const updateCount = accounts.reduce((total, account) => total + account.updateCount, 0);
  console.info(`${ROUNDS} rounds of each plant, in ${updateCount} updates`);
  const applied: AppliedRounds = Object.assign({}, ...accounts.map((account) => account.applied));
  for (const world of begun) world.unmount();
  worlds = worlds.filter((world) => !begun.includes(world));
  return applied;
}

/** Whether nothing is on its way between a world's plants and its aggregator any more. */
async function isSynced(world: World): Promise<boolean> {
  const catalogue = new Database(path.join(world.aggregatorFolder, 'catalogue.sqlite'), { readonly: true });
  try {
    const waiting = catalogue
      .prepare(
        `SELECT (SELECT count(*) FROM updates WHERE state <> 'applied') +
                (SELECT count(*) FROM clients JOIN bases ON bases.id = clients.base_id WHERE installed_at IS NULL)`,
      )
      .pluck()
      .get();
    if (waiting !== 0) return false;
  } finally {
    catalogue.close();
  }
  const queues = await Promise.all(
    world.plants.map(async ({ disk }) => (await readStatus(disk.folder)).queue),
  );
  return queues.every((queue) => queue.roundsDone === ROUNDS && queue.updatesWaiting === 0);
}

async function synced(begun: readonly World[], withinMs: number): Promise<number> {
  const start = performance.now();
  await expect
    .poll(
      async () => {
        // A program that is just starting does not answer yet.
        const answers = await Promise.all(begun.map((world) => isSynced(world).catch(() => false)));
        return answers.every(Boolean);
      },
      { timeout: withinMs, interval: 250 },
    )
    .toBe(true);
  return performance.now() - start;
}

describeIfAvailable('small-disks', 'plants and aggregators in a storm of faults', () => {
  it('lose no update, apply none twice, and end as without any fault', { timeout: 3_600_000 }, async () => {
    console.info(
      `GENBA_CHAOS_SEED=${SEED} draws the same ${FAULTS} faults; when they strike is up to the machine`,
    );
    const calm = await begin('平穏', 0);
    await synced(calm, SYNCED_WITHIN_MS + ROUNDS * 2000);
    const appliedInCalm = await settle(calm);

    const stormy = await begin('混乱', REST_SECONDS);
    const storm = new Storm(FAULTS);
    await storm.rage(stormy, SEED);
    const roundsMs = (ROUNDS * REST_SECONDS * 1000) / SPEED;
    const syncedMs = await synced(stormy, roundsMs + SYNCED_WITHIN_MS);
    console.info(
      `${storm.count} faults: ${JSON.stringify(storm.struck)}; in sync ${Math.round(syncedMs)} ms after the last`,
    );
    for (const { aggregator, plants } of stormy) {
      for (const program of [aggregator, ...plants.map(({ agent }) => agent)])
        expect(program.bugs).toEqual([]);
      for (const { code, words } of aggregator.unexpectedEnds) expect(code, words).toBe(FULL_AGGREGATOR);
      for (const { agent } of plants)
        for (const { code, words } of agent.unexpectedEnds) expect(code, words).toBe(FULL_AGENT);
    }
    expect(await settle(stormy)).toEqual(appliedInCalm);
    expect(storm.count).toBeGreaterThanOrEqual(FAULTS);
  });
});
