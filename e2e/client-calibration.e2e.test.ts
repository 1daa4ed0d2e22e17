import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aggregatorStatusSchema } from '@genba/shared/protocol/status';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

/** Layers with kernel and bias, and between them normalisation, which each plant keeps to itself. */
const MODEL = { template: 'mlp', hiddenUnits: [5, 4], batchNormalisation: true };

const MODES = {
  server: { calibratedBy: 'server' },
  client: { calibratedBy: 'client' },
  // The third plant to join is one too many: from then on all calibrate by themselves.
  auto: { calibratedBy: 'auto', calibrationLimit: 2 },
} as const;

type PlantName = '大阪' | '名古屋' | '仙台';

/**
 * What happens, in order; one plant talks at a time. One that trains on finishes a round while its update is under way:
 * the reply is woven in, and the round is sent with the next update. Sendai joins late and is away for long.
 */
const SCRIPT: readonly (
  | { readonly plant: PlantName; readonly rounds: number; readonly trainsOn?: true }
  | { readonly restart: PlantName | 'aggregator' }
)[] = [
  { plant: '大阪', rounds: 1 },
  { plant: '名古屋', rounds: 2 },
  { plant: '大阪', rounds: 1 },
  { plant: '大阪', rounds: 1, trainsOn: true },
  { plant: '仙台', rounds: 1 },
  { restart: '大阪' },
  { plant: '名古屋', rounds: 3 },
  { plant: '大阪', rounds: 1, trainsOn: true },
  { restart: 'aggregator' },
  { plant: '大阪', rounds: 1 },
  { plant: '名古屋', rounds: 1, trainsOn: true },
  { plant: '大阪', rounds: 2 },
  { plant: '名古屋', rounds: 1 },
  { plant: '大阪', rounds: 1 },
  { plant: '仙台', rounds: 4, trainsOn: true },
  { plant: '仙台', rounds: 1 },
  { plant: '大阪', rounds: 1 },
];

const GROUPINGS = ['layer', 'tensor', 'model'] as const;

interface Outcome {
  /** All that can be seen after each step, in exact bits. */
  readonly seen: readonly string[];
  readonly staleness: readonly number[];
  /** What the server keeps of its clients in the end. */
  readonly clientVectors: number;
  readonly uses: readonly string[];
}

/** Three plants of one task, as the script has them act. */
class Federation {
  readonly taskId: string;
  readonly #folder: string;
  readonly #address: string;
  readonly #plants = new Map<string, SyncedPlant>();
  readonly #seen: string[] = [];
  #version = 0;

  constructor(taskId: string, folder: string, address: string) {
    this.taskId = taskId;
    this.#folder = folder;
    this.#address = address;
  }

  async act(step: { plant: PlantName; rounds: number; trainsOn?: true }, seed: number): Promise<void> {
    const plant = this.#plants.get(step.plant) ?? this.#newPlant(step.plant);
    await plant.ready();
    for (let round = 0; round < step.rounds; round++) plant.train(100 * seed + round);
    plant.offer();
    if (step.trainsOn) plant.train(100 * seed + 99);
    this.#version += step.trainsOn ? 2 : 1;
    await plant.installed(this.#version);
    const status = await (await fetch(new URL('/status', this.#address))).json();
    const task = aggregatorStatusSchema.parse(status).tasks.find(({ taskId }) => taskId === this.taskId);
    const { client } = plant;
    this.#seen.push(
      [task!.globalWeightsDigest, bitsOf(client.weights()!), bitsOf(client.startWeights()!)].join(),
    );
  }

  restart(plant: PlantName): void {
    this.#plants.get(plant)!.close();
    this.#plants.get(plant)!.open();
  }

  close(): void {
    for (const plant of this.#plants.values()) plant.close();
    this.#plants.clear();
  }

  outcome(database: Database.Database): Outcome {
    const column = (sql: string) => database.prepare(sql).pluck().all(this.taskId);
    return {
      seen: this.#seen,
      staleness: column('SELECT staleness FROM updates WHERE task_id = ? ORDER BY sequence') as number[],
      clientVectors: column('SELECT count(*) FROM client_vectors WHERE task_id = ?')[0] as number,
      uses: column('SELECT DISTINCT use FROM bases WHERE task_id = ? ORDER BY use') as string[],
    };
  }

  #newPlant(name: PlantName): SyncedPlant {
    const dataFolder = path.join(this.#folder, `${this.taskId} ${name}`);
    const plant = new SyncedPlant({ dataFolder, address: this.#address, name, taskId: this.taskId });
    this.#plants.set(name, plant);
    return plant;
  }
}

function bitsOf(weights: Float32Array): string {
  return Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength).toString('hex');
}

function taskOf(grouping: string, mode: keyof typeof MODES): object {
  return {
    id: `${grouping}-${mode}`,
    name: { en: 'Welds', ja: '溶接' },
    input: { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'label' },
    classes: ['良品', '不良'],
    model: MODEL,
    federation: { reference: 'average', grouping, ...MODES[mode] },
  };
}

/** Plays the script under all tasks at once, on one aggregator. */
async function play(folder: string, aggregator: Program, tasks: readonly object[]): Promise<Outcome[]> {
  const taskArgs = tasks.flatMap((task, index) => {
    const taskFile = path.join(folder, `task ${index}.json`);
    writeFileSync(taskFile, JSON.stringify(task));
    return ['--task', taskFile];
  });
  const serverFolder = path.join(folder, 'aggregator');
  const options = ['--open-loopback', '--data', serverFolder, ...taskArgs];
  const args = (port: string) => [...options, '--port', port];
  const address = /http:\S+/.exec(await aggregator.start(args('0')))![0];
  const federations = tasks.map((task) => new Federation((task as { id: string }).id, folder, address));
  try {
    for (const [index, step] of SCRIPT.entries()) {
      if (!('restart' in step)) await Promise.all(federations.map((each) => each.act(step, index)));
      else if (step.restart !== 'aggregator') for (const each of federations) each.restart(step.restart);
      else {
        await aggregator.end('SIGKILL');
        await aggregator.start(args(new URL(address).port));
      }
    }
  } finally {
    for (const each of federations) each.close();
    await aggregator.end('SIGTERM');
  }
  const database = new Database(path.join(serverFolder, 'catalogue.sqlite'), { readonly: true });
  const outcomes = federations.map((each) => each.outcome(database));
  database.close();
  return outcomes;
}

it('gives plants and server the same bits, whoever calibrates', { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba 較正 '));
  const aggregator = new Program(PROGRAMS.aggregator);
  onTestFinished(async () => {
    await aggregator.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const tasks = GROUPINGS.flatMap((grouping) => [
    taskOf(grouping, 'server'),
    taskOf(grouping, 'client'),
    taskOf(grouping, 'auto'),
  ]);
  const outcomes = await play(folder, aggregator, tasks);
  for (const [index, grouping] of GROUPINGS.entries()) {
    const [server, client, auto] = outcomes.slice(3 * index, 3 * index + 3);
    expect(new Set(server!.staleness).size).toBeGreaterThan(4);
    expect(server).toMatchObject({ clientVectors: 6, uses: ['install'] });
    expect(client).toMatchObject({ clientVectors: 0, uses: ['calibrate', 'install-as-reference'] });
    expect(auto).toMatchObject({
      clientVectors: 0,
      uses: ['calibrate', 'install', 'install-and-reference', 'install-as-reference'],
    });
    expect(client!.seen, grouping).toEqual(server!.seen);
    expect(auto!.seen, grouping).toEqual(server!.seen);
    expect([client!.staleness, auto!.staleness]).toEqual([server!.staleness, server!.staleness]);
  }
  // So that the comparison compares something: groupings differ.
  expect(new Set(outcomes.map(({ seen }) => seen.at(-1))).size).toBe(GROUPINGS.length);
});

it('starts a plant that has lost its reference from the global weights, and goes on', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba 較正 '));
  const aggregator = new Program(PROGRAMS.aggregator);
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(taskOf('layer', 'client')));
  const args = [
    '--open-loopback',
    '--data',
    path.join(folder, 'aggregator'),
    '--port',
    '0',
    '--task',
    taskFile,
  ];
  const address = /http:\S+/.exec(await aggregator.start(args))![0];
  const plant = new SyncedPlant({
    dataFolder: path.join(folder, '大阪'),
    address,
    name: '大阪',
    taskId: 'layer-client',
  });
  onTestFinished(async () => {
    plant.close();
    await aggregator.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const report = async (version: number) => {
    plant.train(version);
    plant.offer();
    await plant.installed(version);
  };
  await plant.ready();
  await report(1);
  plant.loseReference();
  await report(2);
  // The update is merged; what came back was no calibration but the global weights, and the reference with them.
  const status = await (await fetch(new URL('/status', address))).json();
  const [task] = aggregatorStatusSchema.parse(status).tasks;
  const sha256 = createHash('sha256').update(Buffer.from(bitsOf(plant.client.startWeights()!), 'hex'));
  expect(sha256.digest('hex')).toBe(task!.globalWeightsDigest);
  expect(plant.hasReference()).toBe(true);
  expect(plant.client.weights()).toEqual(plant.client.startWeights());
  await report(3);
  // Alone, a client is never changed by calibration.
  expect(plant.client.weights()).toEqual(plant.client.startWeights());
  expect(plant.outbox.figures()).toMatchObject({ updatesDelivered: 3, updatesRefused: 0 });
});
