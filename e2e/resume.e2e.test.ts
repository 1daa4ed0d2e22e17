import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CuttingProxy } from '@genba/main/agent/testing/cutting-proxy';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

const TASK = {
  id: 'wide',
  name: { en: 'Wide', ja: '大きいモデル' },
  input: { kind: 'image', width: 28, height: 28, channels: 1 },
  classes: ['ok', 'ng'],
  model: { template: 'mlp', hiddenUnits: [5000] },
};

const BYTES_PER_SECOND = 8_000_000;
/** What a link of this speed carries in a hundredth of a second, and as much again for a clock that ran late. */
const SMALL_FRAME_BYTES = (2 * BYTES_PER_SECOND) / 100;
/** What is said on a connection beside the bytes of transfers, at most. */
const TALK_BYTES = 8_000;

/** A real aggregator on this computer; gives its port and a folder for plants. */
async function startAggregator() {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba 切断 '));
  const aggregator = new Program(PROGRAMS.aggregator);
  onTestFinished(async () => {
    await aggregator.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const task = path.join(folder, 'task.json');
  writeFileSync(task, JSON.stringify(TASK));
  const data = path.join(folder, 'aggregator');
  const line = await aggregator.start(['--data', data, '--task', task, '--port', '0', '--open-loopback']);
  return { folder, port: Number(new URL(/http:\S+/.exec(line)![0]).port) };
}

function openPlant(
  folder: string,
  proxy: CuttingProxy,
  rates?: { upload: number; download: number },
): SyncedPlant {
  const plant = new SyncedPlant({
    dataFolder: path.join(folder, '第一工場'),
    address: `http://127.0.0.1:${proxy.port}`,
    name: '第一工場',
    taskId: TASK.id,
    rates,
  });
  onTestFinished(() => {
    plant.close();
    proxy.close();
  });
  return plant;
}

it('sends a model up and down over a link that is cut twice a second, and next to nothing twice', {
  timeout: 120_000,
}, async () => {
  const { folder, port } = await startAggregator();
  const proxy = await CuttingProxy.start({ port, cutAfterMs: 500, bytesPerSecond: BYTES_PER_SECOND });
  const plant = openPlant(folder, proxy);
  const sizeBytes = weightLayout(parseTask(TASK)).size * Float32Array.BYTES_PER_ELEMENT;
  /** The first cut may cost a whole frame; after it, frames are small. */
  const most = (cuts: number) => DATA_CHUNK_BYTES + cuts * (SMALL_FRAME_BYTES + TALK_BYTES);

  await expect.poll(() => plant.client.base(), { timeout: 60_000 }).not.toBeNull();
  const fetched = { cuts: proxy.cuts, down: proxy.down };
  expect(fetched.cuts).toBeGreaterThan(2);
  expect(fetched.down).toBeGreaterThanOrEqual(sizeBytes);
  expect(fetched.down - sizeBytes).toBeLessThan(most(fetched.cuts));

  plant.train(1);
  plant.offer();
  await expect.poll(() => plant.outbox.figures().updatesDelivered, { timeout: 60_000 }).toBe(1);
  const delivered = { cuts: proxy.cuts, up: proxy.up };
  expect(delivered.cuts - fetched.cuts).toBeGreaterThan(2);
  expect(delivered.up).toBeGreaterThanOrEqual(sizeBytes);
  expect(delivered.up - sizeBytes).toBeLessThan(most(delivered.cuts));
  // Byte for byte: both sides have compared the digests. The reply comes down the same way.
  await expect.poll(() => plant.client.base()?.globalVersion, { timeout: 60_000 }).toBe(1);
});

it('notices within 30 seconds on both sides that a link is dead which nobody closed', {
  timeout: 90_000,
}, async () => {
  const { folder, port } = await startAggregator();
  const proxy = await CuttingProxy.start({ port, bytesPerSecond: 100_000_000 });
  const plant = openPlant(folder, proxy);
  await plant.ready();
  proxy.isSilent = true;
  await expect
    .poll(() => proxy.givenUp, { timeout: 30_000, interval: 100 })
    .toEqual({ agent: true, aggregator: true });
});

it('takes no more of the line than it may, in either direction', { timeout: 60_000 }, async () => {
  const { folder, port } = await startAggregator();
  const proxy = await CuttingProxy.start({ port, bytesPerSecond: 1e9 });
  const sizeBytes = weightLayout(parseTask(TASK)).size * Float32Array.BYTES_PER_ELEMENT;
  const rates = { upload: sizeBytes / 2, download: sizeBytes / 3 };
  const startedMs = performance.now();
  const plant = openPlant(folder, proxy, rates);
  await expect.poll(() => plant.client.base(), { timeout: 30_000, interval: 10 }).not.toBeNull();
  // Without limits both take a fraction of a second. The last frame is not waited for.
  expect(performance.now() - startedMs).toBeGreaterThan(2_700);
  plant.train(1);
  const offeredMs = performance.now();
  plant.offer();
  await expect.poll(() => plant.outbox.figures().updatesDelivered, { timeout: 30_000, interval: 10 }).toBe(1);
  expect(performance.now() - offeredMs).toBeGreaterThan(1_700);
});
