import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import type { UpdateOffer, WeightsOffer } from '@genba/shared/protocol/messages';
import { describe, expect, it } from 'vitest';
import type { StepHook } from '../engine/steps.ts';
import type { AggregatorOptions } from '../server.ts';
import { DEFAULT_RETENTION } from '../store/retention-policy.ts';
import { weightFilePath } from '../store/weight-files.ts';
import { bytesOf, largeTask, randomWeights, smallTask, trained } from '../testing/fixtures.ts';
import { startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

/** A limit that only the task's state and what waits can be kept under. */
const TIGHT = { ...DEFAULT_RETENTION, maxWeightsBytes: 1 };

/** A plant by hand: what it installed last and the update it is about to offer. */
interface Plant {
  readonly client: TestClient;
  readonly base: WeightsOffer;
  readonly start: Float32Array;
  readonly update: UpdateOffer;
  readonly weights: Float32Array;
}

async function joined(address: string, taskId: string): Promise<Plant> {
  const { client } = await TestClient.join(address, { taskId });
  const { offer, weights } = await client.begin();
  return prepared(client, taskId, offer, weights);
}

let updates = 0;

function prepared(client: TestClient, taskId: string, base: WeightsOffer, start: Float32Array): Plant {
  const weights = trained(start, ++updates);
  const built = { taskId, baseId: base.baseId, baseVersion: base.globalVersion };
  return { client, base, start, update: updateOffer(built, weights), weights };
}

/** One exchange as usual. */
async function report({ client, update, weights }: Plant): Promise<Plant> {
  await client.upload(update, weights);
  const offer = await client.expect('weights/offer');
  return prepared(client, update.taskId, offer, await client.install(offer));
}

/**
 * A server under a tight limit, which has let go of what osaka started from, and of the reply that nagoya did not fetch,
 * for others have reported since.
 */
async function evicted(options: Partial<AggregatorOptions> = {}, clients = 2) {
  const task = options.tasks?.[0] ?? smallTask();
  const server = await startForTest({ retention: TIGHT, tasks: [task], ...options });
  const osaka = await report(await joined(server.address, task.id));
  const nagoya = await joined(server.address, task.id);
  const { client } = nagoya;
  await client.upload(nagoya.update, nagoya.weights);
  await client.expect('weights/offer');
  await report(await joined(server.address, task.id));
  const evictedClients = async () => (await statusOf(server.address)).tasks[0]?.evictedClients;
  await expect.poll(evictedClients).toBe(clients);
  return { ...server, osaka, nagoya };
}

describe('start weights that were let go of', () => {
  it('are asked for before the update, and give the reply they would have given', async () => {
    const { address, osaka } = await evicted();
    const { client, base, start, update, weights } = osaka;
    client.send(update);
    const asked = await client.expect('base/resume');
    const { baseId, sha256, sizeBytes } = base;
    expect(asked).toMatchObject({ baseId, sha256, sizeBytes, offset: 0 });
    client.sendWeights({ transfer: asked.transfer, from: 0, weights: start });
    const resumed = await client.expect('update/resume');
    expect(resumed.transfer).not.toBe(asked.transfer);
    client.sendWeights({ transfer: resumed.transfer, from: 0, weights });
    await client.expect('update/receipt');
    expect(await client.expect('weights/offer')).toMatchObject({ updateId: update.updateId, staleness: 2 });
    const [task] = (await statusOf(address)).tasks;
    expect(task).toMatchObject({ counts: { applied: 4, refused: 0, failed: 0 } });
  });

  it('are continued where a cut stopped them, over a restart too', async () => {
    const task = largeTask();
    const { osaka, close, dataFolder } = await evicted({ tasks: [task] });
    const { client, start, update, weights } = osaka;
    client.send(update);
    const { transfer } = await client.expect('base/resume');
    client.sendWeights({ transfer, from: 0, to: DATA_CHUNK_BYTES, weights: start });
    await client.expectSilence();
    await close();

    const { address } = await startForTest({ retention: TIGHT, tasks: [task], dataFolder });
    const again = await TestClient.join(address, { clientId: client.clientId });
    again.client.send(update);
    const asked = await again.client.expect('base/resume');
    expect(asked.offset).toBe(DATA_CHUNK_BYTES);
    again.client.sendWeights({ transfer: asked.transfer, from: asked.offset, weights: start });
    const resumed = await again.client.expect('update/resume');
    again.client.sendWeights({ transfer: resumed.transfer, from: 0, weights });
    await again.client.expect('update/receipt');
  });

  it.each([
    [
      'has none any more',
      ({ client, base }: Plant) => client.send({ type: 'base/missing', baseId: base.baseId }),
    ],
    [
      'has others',
      ({ client, start }: Plant, transfer: number) =>
        client.sendWeights({ transfer, from: 0, weights: trained(start, 99) }),
    ],
  ])('are done without where the client %s: it starts anew', async (_name, answer) => {
    const { address, osaka } = await evicted();
    const { client, update } = osaka;
    client.send(update);
    const { transfer } = await client.expect('base/resume');
    answer(osaka, transfer);
    expect(await client.expectError('update/unknown-base')).toMatchObject({
      about: update.updateId,
      retry: false,
    });
    const { offer, weights } = await client.begin('base-refused');
    expect(offer).toMatchObject({ globalVersion: 3, updateId: null });
    await report(prepared(client, update.taskId, offer, weights));
    expect((await statusOf(address)).tasks[0]).toMatchObject({ counts: { applied: 4, refused: 1 } });
  });

  it('may be asked for only by the server', async () => {
    const { address } = await startForTest();
    const { client, base, update, weights } = await joined(address, smallTask().id);
    client.send({ type: 'base/missing', baseId: base.baseId });
    await client.expectError('protocol/unexpected-message');
    client.send(update);
    const { transfer } = await client.expect('update/resume');
    client.send({ type: 'base/missing', baseId: base.baseId });
    await client.expectError('protocol/unexpected-message');
    client.sendWeights({ transfer, from: 0, weights });
    await client.expect('update/receipt');
  });

  it('are asked for again by the same offer', async () => {
    const { osaka } = await evicted();
    const { client, update, start } = osaka;
    client.send(update);
    const first = await client.expect('base/resume');
    client.send(update);
    const second = await client.expect('base/resume');
    expect(second.transfer).not.toBe(first.transfer);
    client.sendWeights({ transfer: first.transfer, from: 0, weights: start });
    await client.expectError('protocol/binary-unexpected');
    client.sendWeights({ transfer: second.transfer, from: 0, weights: start });
    await client.expect('update/resume');
  });

  it('cannot be asked for where the server had more than the client: it starts anew', async () => {
    const task = smallTask({ federation: { reference: 'average' } });
    // Room for the two vectors of nagoya and sendai each, of which one is also the task's.
    const retention = { ...DEFAULT_RETENTION, maxWeightsBytes: 4 * 92 };
    const { osaka } = await evicted({ tasks: [task], retention }, 1);
    const { client, update } = osaka;
    client.send(update);
    await client.expectError('update/unknown-base');
    await client.begin('base-refused');
  });

  it('and not fetched yet are replaced by the global weights', async () => {
    const { nagoya, address } = await evicted();
    const [before] = (await statusOf(address)).tasks;
    const again = await TestClient.join(address, { clientId: nagoya.client.clientId });
    const gone = await again.client.expect('weights/offer');
    again.client.send({ type: 'weights/resume', baseId: gone.baseId, offset: 0 });
    const instead = await again.client.expect('weights/offer');
    expect(instead).toMatchObject({
      updateId: gone.updateId,
      sha256: before!.globalWeightsDigest,
      staleness: null,
    });
    await report(prepared(again.client, nagoya.update.taskId, instead, await again.client.install(instead)));
  });

  it('and installed, though the server does not know, are only confirmed', async () => {
    const task = smallTask();
    const { address } = await startForTest({ retention: TIGHT });
    const osaka = await joined(address, task.id);
    await osaka.client.upload(osaka.update, osaka.weights);
    const offer = await osaka.client.expect('weights/offer');
    const start = await osaka.client.download(offer);
    await osaka.client.close();
    for (let others = 0; others < 2; others++) await report(await joined(address, task.id));
    const { client } = await TestClient.join(address, { clientId: osaka.client.clientId });
    expect(await client.expect('weights/offer')).toEqual(offer);
    client.send({ type: 'weights/installed', baseId: offer.baseId });
    const { update, weights } = prepared(client, task.id, offer, start);
    client.send(update);
    const asked = await client.expect('base/resume');
    client.sendWeights({ transfer: asked.transfer, from: 0, weights: start });
    const { transfer } = await client.expect('update/resume');
    client.sendWeights({ transfer, from: 0, weights });
    await client.expect('update/receipt');
  });
});

describe('a file that is damaged', () => {
  it('is healed by the client, which is told to offer its update again', async () => {
    const { address, dataFolder } = await startForTest({ mergeMemoryBytes: 0 });
    const osaka = await report(await joined(address, smallTask().id));
    await report(await joined(address, smallTask().id));
    const { client, base, start, update, weights } = osaka;
    await writeFile(weightFilePath(join(dataFolder, 'weights'), base.sha256), 'damaged');
    await client.upload(update, weights);
    expect(await client.expectError('update/offer-again')).toMatchObject({
      about: update.updateId,
      retry: true,
    });
    expect((await statusOf(address)).tasks[0]).toMatchObject({ counts: { failed: 1 }, evictedClients: 1 });
    client.send(update);
    const { transfer } = await client.expect('base/resume');
    client.sendWeights({ transfer, from: 0, weights: start });
    await client.expect('update/receipt');
    expect(await client.expect('weights/offer')).toMatchObject({ updateId: update.updateId });
    expect((await statusOf(address)).tasks[0]).toMatchObject({ counts: { failed: 0, applied: 3 } });
  });

  /** A plant whose update is damaged after it was journaled and before it is merged. */
  async function damagedUpdate(options: Partial<AggregatorOptions>) {
    const { promise: journaled, resolve: onJournaled } = Promise.withResolvers<void>();
    const { promise: isDamaged, resolve: goOn } = Promise.withResolvers<void>();
    const onStep: StepHook = async (step) => {
      if (step !== 'receive/journaled') return;
      onJournaled();
      await isDamaged;
    };
    const { address, dataFolder } = await startForTest({ onStep, ...options });
    const plant = await joined(address, smallTask().id);
    const { client, update, weights } = plant;
    client.send(update);
    const { transfer } = await client.expect('update/resume');
    client.sendWeights({ transfer, from: 0, weights });
    await journaled;
    const bytes = bytesOf(randomWeights(smallTask(), 5));
    await writeFile(weightFilePath(join(dataFolder, 'weights'), update.sha256), bytes);
    goOn();
    return { ...plant, address, receipt: await client.expect('update/receipt') };
  }

  it('is sent again where it is the update itself', async () => {
    const { client, update, weights, receipt } = await damagedUpdate({ mergeMemoryBytes: 0 });
    await client.expectError('update/offer-again');
    expect(await client.upload(update, weights)).toEqual(receipt);
    expect(await client.expect('weights/offer')).toMatchObject({ updateId: update.updateId });
  });

  it('does no harm to an update that is still in memory: what was proved is merged', async () => {
    const { client, weights } = await damagedUpdate({});
    // There is no other plant, so the answer is what was merged.
    expect(await client.install(await client.expect('weights/offer'))).toEqual(weights);
  });
});

describe('a disk with too little room', () => {
  it('takes no byte, says so, and goes on when there is room', async () => {
    const full = await startForTest({ reserveBytes: Number.MAX_SAFE_INTEGER });
    const { client, update, weights } = await joined(full.address, smallTask().id);
    client.send(update);
    expect(await client.expectError('server/low-space')).toMatchObject({
      about: update.updateId,
      retry: true,
    });
    await full.close();
    const roomy = await startForTest({ dataFolder: full.dataFolder, reserveBytes: 0 });
    const again = await TestClient.join(roomy.address, { clientId: client.clientId });
    await again.client.upload(update, weights);
    await again.client.expect('weights/offer');
  });
});

it('shares one file among all that start from one version, until the last of them has gone on', async () => {
  const { address, dataFolder } = await startForTest({
    retention: { ...DEFAULT_RETENTION, keepVersions: 1 },
  });
  const task = smallTask();
  const plants: Plant[] = [];
  for (let count = 0; count < 10; count++) plants.push(await joined(address, task.id));
  const { sha256, sizeBytes } = plants[0]!.base;
  const usedVectors = async () => (await statusOf(address)).store.weightsBytes / sizeBytes;
  expect(await usedVectors()).toBe(1);
  for (const [index, plant] of plants.entries()) {
    expect(plant.base.sha256).toBe(sha256);
    await report(plant);
    // The global weights, one reply per plant that has gone on, and the shared start of the others.
    await expect.poll(usedVectors).toBe(index + 2 + (index < plants.length - 1 ? 1 : 0));
  }
  expect(await readdir(join(dataFolder, 'weights', sha256.slice(0, 2)))).not.toContain(sha256);
});
