import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import pino from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeIfAvailable } from '../../../tools/requirements.ts';
import { judgement } from '../../trainer/fixtures.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { PlantModels } from '../model/plant-models.ts';
import { RoundLoop } from '../rounds/round-loop.ts';
import type { Trainer } from '../rounds/trainer-at-hand.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { Outbox } from '../store/outbox.ts';
import { SettingsStore } from '../store/settings.ts';
import { mountSmallDisk, pretendSmallDisk, type SmallDisk } from '../testing/small-disk.ts';
import { DiskWatch } from './disk-watch.ts';
import { folderBytes } from './folder-size.ts';
import { worstCaseBytes } from './space-need.ts';

const DISK_BYTES = 64e6;

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a', 'b'], labelColumn: 'label' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [312, 312] },
});
const SIZE = weightLayout(TASK).size;
const MODEL_BYTES = payloadBytes('float32', weightLayout(TASK));

/** A plant that trains without end on a small disk. */
function startPlant(disk: SmallDisk) {
  mkdirSync(disk.folder, { recursive: true });
  const database = openAgentDatabase(disk.folder);
  const client = new ClientStore(database);
  const outbox = new Outbox(database);
  const settings = new SettingsStore(database, 'plant');
  settings.write({ restSeconds: 0 });
  client.saveTask(TASK);
  client.install({
    baseId: 'b0',
    globalVersion: 0,
    staleness: null,
    updateId: null,
    weights: new Float32Array(SIZE),
  });
  const log = pino({ level: 'silent' });
  const watch = new DiskWatch({
    dataFolder: disk.folder,
    task: () => client.task(),
    quotaBytes: () => settings.read().quotaBytes,
    log,
    onChange: () => loop.obstacleChanged(),
    ...(disk.spaceAt === undefined ? {} : { spaceAt: disk.spaceAt }),
  });
  let beforeRoundEnds = () => {};
  const trainer: Trainer = {
    pid: 1,
    load: async () => ({ name: 'cpu', note: null, isRequested: false }),
    train: async (weights) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      beforeRoundEnds();
      return { weights: weights.map((weight) => weight + 1), loss: 0.5, examples: 2, durationMs: 1 };
    },
    evaluate: async () => judgement(0.5),
    cancel: () => {},
    close: async () => {},
  };
  const examples = { inputs: Float32Array.of(1, 2), labels: Uint16Array.of(0) };
  const loop = new RoundLoop({
    client,
    models: new PlantModels(database, () => {}),
    validationPictures: () => () => [],
    task: () => TASK,
    examples: () => ({
      version: 1,
      request: { training: examples, validation: examples, check: null },
      validationCount: 1,
      checkCount: 0,
    }),
    methods: ANY_METHOD,
    onExamplesDamaged: () => {},
    hold: () => null,
    settings: () => settings.read(),
    obstacle: () => watch.obstacle(),
    roundsDone: () => outbox.figures().roundsDone,
    startTrainer: () => trainer,
    log,
    onRoundDone: () => {},
    onChange: () => {},
  });
  const running = loop.run();
  onTestFinished(async () => {
    loop.stop();
    await running;
    database.close();
  });
  return {
    client,
    outbox,
    watch,
    loop,
    rounds: () => outbox.figures().roundsDone,
    whenRoundEnds(act: () => void) {
      beforeRoundEnds = act;
    },
  };
}

const spot = () => path.join(temporaryFolder().root, '山田 太郎 の ディスク');

const ANY_METHOD = { choose: async () => ({ backend: null }), died: () => false };

describe.each([
  // Where nothing may be mounted, the same is shown on a disk that only says that it is small.
  [
    'of its own',
    (folder: string) => mountSmallDisk(folder, DISK_BYTES) ?? pretendSmallDisk(folder, DISK_BYTES),
  ],
  ['that says it is small', (folder: string) => pretendSmallDisk(folder, DISK_BYTES)],
])('on a small disk %s', (_, make) => {
  it('warns early, stops before it is full with room for all that is under way, and goes on by itself', async () => {
    const disk = make(spot());
    const plant = startPlant(disk);
    await vi.waitFor(() => expect(plant.rounds()).toBeGreaterThan(2), { timeout: 10_000 });
    expect(plant.watch.status).toMatchObject({ level: 'enough' });

    const stillToWrite = () => worstCaseBytes(TASK) - folderBytes(disk.folder);
    disk.leave(stillToWrite() + 0.07 * DISK_BYTES);
    expect(plant.watch.look()).toMatchObject({ level: 'low', limit: 'disk' });
    const warnedAt = plant.rounds();
    await vi.waitFor(() => expect(plant.rounds()).toBeGreaterThan(warnedAt + 2), { timeout: 10_000 });

    disk.leave(stillToWrite() / 2);
    await vi.waitFor(() => expect(plant.loop.problem?.code).toBe('store/space-needed'), { timeout: 10_000 });
    const stoppedAt = plant.rounds();

    // All that can come of what is there still fits: its update, the reply on its way in, and the next base.
    const update = plant.outbox.next()!;
    const download = path.join(disk.folder, 'reply.part');
    writeFileSync(download, new Uint8Array(MODEL_BYTES));
    plant.outbox.markReceipted(update.updateId);
    const reply = { baseId: 'b1', globalVersion: 1, staleness: 0, updateId: update.updateId };
    expect(plant.client.install({ ...reply, weights: new Float32Array(SIZE).fill(7) })).toBe(true);
    rmSync(download);
    expect(plant.outbox.figures()).toMatchObject({ roundsDone: stoppedAt, updatesDelivered: 1 });

    disk.leave(DISK_BYTES);
    plant.watch.look();
    await vi.waitFor(() => expect(plant.rounds()).toBeGreaterThan(stoppedAt), { timeout: 10_000 });
    expect(plant.loop.problem).toBeNull();
  });
});

describeIfAvailable('small-disks', 'on a disk that is full', () => {
  it('keeps the round that ends when something else has filled it all the same', async () => {
    const disk = mountSmallDisk(spot(), DISK_BYTES)!;
    const plant = startPlant(disk);
    await vi.waitFor(() => expect(plant.rounds()).toBeGreaterThan(1), { timeout: 10_000 });
    plant.whenRoundEnds(() => disk.leave(0));
    await vi.waitFor(() => expect(plant.loop.problem?.code).toBe('store/disk-full'), { timeout: 20_000 });
    const keptAt = plant.rounds();
    const weights = plant.client.weights()![0]!;
    plant.whenRoundEnds(() => {});
    disk.leave(DISK_BYTES);
    plant.loop.wake();
    await vi.waitFor(() => expect(plant.rounds()).toBeGreaterThan(keptAt), { timeout: 10_000 });
    expect(plant.client.weights()![0]).toBeGreaterThan(weights);
    expect(plant.loop.problem).toBeNull();
  });
});
