import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addShift } from '@genba/shared/federation/shift';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { aggregatorStatusSchema } from '@genba/shared/protocol/status';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

type PlantName = '大阪' | '名古屋' | '仙台';

/** Who reports, in order. Osaka comes back after the others have pushed it out, and so does Sendai. */
const REPORTS: readonly PlantName[] = [
  '大阪',
  '名古屋',
  '仙台',
  '名古屋',
  '名古屋',
  '大阪',
  '名古屋',
  '大阪',
  '仙台',
  '仙台',
  '大阪',
];

function taskOf(reference: 'relay' | 'average') {
  return parseTask({
    id: 'welds',
    name: { en: 'Welds', ja: '溶接' },
    input: { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'label' },
    classes: ['良品', '不良'],
    model: { template: 'mlp', hiddenUnits: [5, 4], batchNormalisation: true },
    federation: { reference },
  });
}

/** An aggregator and its plants, real programs and real stores, until the running test ends. */
class Federation {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'genba 退避 '));
  readonly #aggregator = new Program(PROGRAMS.aggregator);
  readonly #plants = new Map<PlantName, SyncedPlant>();
  #address = '';
  #args: string[] = [];
  readonly taskId = 'welds';

  constructor() {
    onTestFinished(async () => {
      for (const plant of this.#plants.values()) plant.close();
      await this.#aggregator.end('SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** @param maxVectors of how many vectors there is room at the aggregator */
  async start(reference: 'relay' | 'average', maxVectors: number | null): Promise<void> {
    const task = taskOf(reference);
    const taskFile = path.join(this.#folder, 'task.json');
    writeFileSync(taskFile, JSON.stringify(task));
    const args = ['--open-loopback', '--data', path.join(this.#folder, 'aggregator'), '--task', taskFile];
    const vectorKilobytes = (weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT) / 1000;
    if (maxVectors !== null) args.push('--max-weights', `${maxVectors * vectorKilobytes}kB`);
    this.#args = args;
    await this.#launch('0');
  }

  /** Nothing of before is in its memory then. */
  async restart(): Promise<void> {
    await this.#aggregator.end('SIGTERM');
    await this.#launch(new URL(this.#address).port);
  }

  async #launch(port: string): Promise<void> {
    const line = await this.#aggregator.start([...this.#args, '--port', port]);
    this.#address = /http:\S+/.exec(line)![0];
  }

  async plant(name: PlantName): Promise<SyncedPlant> {
    const dataFolder = path.join(this.#folder, name);
    const { taskId } = this;
    const known = this.#plants.get(name);
    const plant = known ?? new SyncedPlant({ dataFolder, address: this.#address, name, taskId });
    this.#plants.set(name, plant);
    await plant.ready();
    return plant;
  }

  async status() {
    const status = await (await fetch(new URL('/status', this.#address))).json();
    const { tasks, store } = aggregatorStatusSchema.parse(status);
    return { ...tasks[0]!, store };
  }

  weightFile(digest: string): string {
    return path.join(this.#folder, 'aggregator', 'weights', digest.slice(0, 2), digest);
  }

  async globalWeights(): Promise<Float32Array> {
    const { globalWeightsDigest } = await this.status();
    const bytes = readFileSync(this.weightFile(globalWeightsDigest));
    return new Float32Array(Uint8Array.from(bytes).buffer);
  }
}

/** Lets the plants report. @returns all that can be seen after each report, in exact bits, and what plants were told */
async function play(maxVectors: number | null) {
  const federation = new Federation();
  await federation.start('relay', maxVectors);
  const seen: unknown[] = [];
  const notices: string[] = [];
  for (const [index, name] of REPORTS.entries()) {
    const plant = await federation.plant(name);
    plant.train(index);
    plant.offer();
    await plant.installed(index + 1);
    const { globalWeightsDigest, counts, clients } = await federation.status();
    expect(counts).toMatchObject({ applied: index + 1, refused: 0, failed: 0 });
    // Eviction follows the commit, and the reply does not wait for it.
    const isWithin = async () => {
      const { weightsBytes, maxWeightsBytes } = (await federation.status()).store;
      return maxWeightsBytes === null || weightsBytes <= maxWeightsBytes;
    };
    await expect.poll(isWithin).toBe(true);
    const staleness = clients.find(({ plantName }) => plantName === name)?.lastStaleness;
    seen.push({ globalWeightsDigest, staleness, weights: plant.client.weights() });
    notices.push(...plant.notices.splice(0).map((notice) => `${name} ${notice}`));
  }
  return { seen, notices };
}

it('asks a plant that comes back for its start weights, and merges the very same', {
  timeout: 120_000,
}, async () => {
  const kept = await play(null);
  // The global weights, the relay, and one plant's own.
  const evicted = await play(3);
  expect(kept.notices).toEqual([]);
  expect(evicted.notices).toEqual(expect.arrayContaining(['大阪 start-asked', '仙台 start-asked']));
  expect(evicted.seen).toEqual(kept.seen);
});

it('lets a plant start anew whose reference was let go of, with all it has learned', {
  timeout: 120_000,
}, async () => {
  const federation = new Federation();
  await federation.start('average', 4);
  const osaka = await federation.plant('大阪');
  osaka.train(1);
  osaka.offer();
  await osaka.installed(1);
  for (const [index, name] of (['名古屋', '仙台', '名古屋', '仙台'] as const).entries()) {
    const plant = await federation.plant(name);
    plant.train(10 + index);
    plant.offer();
    await plant.installed(2 + index);
  }
  const evictedClients = async () => (await federation.status()).evictedClients;
  await expect.poll(evictedClients).toBeGreaterThan(0);

  const start = osaka.client.startWeights()!;
  const average = await federation.globalWeights();
  for (const seed of [20, 21, 22]) osaka.train(seed);
  const learned = osaka.client.weights()!;
  osaka.offer();
  await osaka.installed(6);
  expect(osaka.notices).toEqual(['restarted']);
  expect(osaka.outbox.figures()).toMatchObject({ roundsWaiting: 0, updatesDelivered: 2, updatesRefused: 1 });
  const { clients, counts } = await federation.status();
  // Every round ever trained is in what was merged.
  expect(clients.find(({ plantName }) => plantName === '大阪')?.rounds).toBe(4);
  expect(counts).toMatchObject({ applied: 6, refused: 1, failed: 0 });
  // W' = G + (W − S), and with G as its new reference nothing was there to calibrate.
  expect(osaka.client.weights()).toEqual(addShift(learned, start, average));
});

it('has a plant heal its damaged start weights, after the receipt of its update', {
  timeout: 120_000,
}, async () => {
  const federation = new Federation();
  await federation.start('relay', null);
  for (const [index, name] of (['大阪', '名古屋'] as const).entries()) {
    const plant = await federation.plant(name);
    plant.train(index);
    plant.offer();
    await plant.installed(1 + index);
  }
  const osaka = await federation.plant('大阪');
  const start = osaka.client.startWeights()!;
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const file = federation.weightFile(createHash('sha256').update(bytes).digest('hex'));
  writeFileSync(file, 'damaged');
  // The newest replies would be merged from memory, and nobody would have to heal anything.
  await federation.restart();
  await osaka.ready();
  osaka.train(9);
  osaka.offer();
  await osaka.installed(3);
  expect(osaka.notices).toEqual(['update-asked', 'start-asked']);
  expect(osaka.outbox.figures()).toMatchObject({ updatesDelivered: 2, updatesRefused: 0 });
  expect((await federation.status()).counts).toMatchObject({ applied: 3, refused: 0, failed: 0 });
});
