import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import { healthSchema } from '@genba/shared/protocol/status';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bytesOf, largeTask, sha256, smallTask, trained } from '../testing/fixtures.ts';
import { catalogueContent, readWeightFile, startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const TASK = smallTask();

/** For what the server does in its own time. */
const PATIENCE = { timeout: 15_000 };

describe('a session', () => {
  it('goes the whole road: first weights, update, receipt, reply, installed, next update', async () => {
    const { address, dataFolder } = await startForTest();
    const { client, welcome } = await TestClient.join(address);
    expect(welcome).toMatchObject({ task: TASK, globalVersion: 0, baseId: null });
    const first = await client.begin();
    expect(first.offer).toMatchObject({ globalVersion: 0, updateId: null, staleness: null });

    const weights = trained(first.weights, 1);
    const offer = updateOffer({ taskId: TASK.id, baseId: first.offer.baseId, baseVersion: 0 }, weights);
    await client.upload(offer, weights);
    const reply = await client.expect('weights/offer');
    expect(reply).toMatchObject({
      updateId: offer.updateId,
      globalVersion: 1,
      staleness: 0,
      mixingWeight: 0.6,
    });
    expect(reply.calibration.map(({ group }) => group)).toEqual(['hidden1', 'logits']);
    // Alone, a client is never changed by calibration.
    expect(await client.install(reply)).toEqual(weights);

    const next = trained(weights, 2);
    await client.upload(updateOffer({ taskId: TASK.id, baseId: reply.baseId, baseVersion: 1 }, next), next);
    expect(await client.expect('weights/offer')).toMatchObject({ globalVersion: 2, staleness: 0 });
    const [task] = (await statusOf(address)).tasks;
    const globalBytes = await readWeightFile(dataFolder, task!.globalWeightsDigest);
    expect(sha256(globalBytes)).toBe(task!.globalWeightsDigest);
  });

  it('offers weights again at each welcome until they are installed', async () => {
    const { address, whenIdle } = await startForTest();
    const { client } = await TestClient.join(address);
    const { clientId } = client;
    const { offer, weights } = await client.begin();
    const update = updateOffer({ taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    await client.upload(update, weights);
    client.cut();
    await whenIdle();

    const second = await TestClient.join(address, { clientId });
    const offered = await second.client.expect('weights/offer');
    expect(offered.updateId).toBe(update.updateId);
    expect(second.welcome.baseId).toBe(offered.baseId);
    await second.client.download(offered);
    await second.client.close();

    const third = await TestClient.join(address, { clientId });
    expect(await third.client.expect('weights/offer')).toEqual(offered);
    await third.client.install(offered);
    await third.client.expectSilence();
    await third.client.close();

    const fourth = await TestClient.join(address, { clientId });
    expect(fourth.welcome.baseId).toBe(offered.baseId);
    await fourth.client.expectSilence();
  });

  it('offers the same first weights again while they are not installed', async () => {
    const { address } = await startForTest();
    const { client } = await TestClient.join(address);
    client.send({ type: 'weights/request', reason: 'first' });
    const offer = await client.expect('weights/offer');
    client.send({ type: 'weights/request', reason: 'first' });
    expect(await client.expect('weights/offer')).toEqual(offer);
    client.send({ type: 'weights/request', reason: 'base-refused' });
    const fresh = await client.expect('weights/offer');
    expect(fresh.baseId).not.toBe(offer.baseId);
    client.send({ type: 'weights/installed', baseId: offer.baseId });
    await client.expectError('protocol/unexpected-message');
    await client.install(fresh);
    await client.expectSilence();
  });

  it('answers a repeated update with the first receipt and offers its reply again', async () => {
    const { address, whenIdle } = await startForTest();
    const { client } = await TestClient.join(address);
    const { offer, weights } = await client.begin();
    const update = updateOffer({ taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    const receipt = await client.upload(update, weights);
    const reply = await client.expect('weights/offer');
    await whenIdle();
    client.send(update);
    expect(await client.expect('update/receipt')).toEqual(receipt);
    expect(await client.expect('weights/offer')).toEqual(reply);
    expect((await statusOf(address)).tasks[0]).toMatchObject({ globalVersion: 1, counts: { applied: 1 } });
  });

  it('replaces an older connection of the same client', async () => {
    const { address } = await startForTest();
    const { client: older } = await TestClient.join(address);
    const { client: newer } = await TestClient.join(address, { clientId: older.clientId });
    await older.expectError('server/replaced');
    expect(await older.closed).toBe(1008);
    await newer.begin();
    expect((await statusOf(address)).tasks[0]?.clients).toMatchObject([{ connected: true }]);
  });

  it('cuts the connection of a peer that answers no ping, and keeps one that does', async () => {
    const { address } = await startForTest({ heartbeatMs: 500 });
    const { client: alive } = await TestClient.join(address);
    const { client: dead } = await TestClient.join(address);
    dead.stopReading();
    await expect
      .poll(async () => (await statusOf(address)).tasks[0]?.clients.map((c) => c.connected).sort(), PATIENCE)
      .toEqual([false, true]);
    await alive.begin();
  });
});

describe('a transfer', () => {
  const task = largeTask();

  it('goes on after a cut where it stopped, up and down', async () => {
    const { address } = await startForTest({ tasks: [task] });
    const { client } = await TestClient.join(address);
    const { offer, weights: start } = await client.begin();
    const weights = trained(start, 1);
    const update = updateOffer({ taskId: task.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    client.send(update);
    const { transfer, offset } = await client.expect('update/resume');
    expect(offset).toBe(0);
    const middle = DATA_CHUNK_BYTES + 1000;
    client.sendWeights({ transfer, from: 0, to: middle, weights });
    // Proves that the frames above were handled before the cut.
    await client.expectSilence();
    client.cut();

    const { client: again } = await TestClient.join(address, { clientId: client.clientId });
    again.send(update);
    const resumed = await again.expect('update/resume');
    expect(resumed.offset).toBe(middle);
    again.sendWeights({ transfer: resumed.transfer, from: 0, to: DATA_CHUNK_BYTES, weights });
    await again.expectError('protocol/offset-mismatch');
    again.sendWeights({ transfer: resumed.transfer, from: middle, weights });
    await again.expect('update/receipt');

    const reply = await again.expect('weights/offer');
    const held = bytesOf(weights).slice(0, middle);
    expect(await again.download(reply, held)).toEqual(weights);
  });

  it('survives a restart, and a complete one needs no data frame', async () => {
    const { address, dataFolder, close } = await startForTest({ tasks: [task] });
    const { client } = await TestClient.join(address);
    const { offer, weights: start } = await client.begin();
    const weights = trained(start, 1);
    const update = updateOffer({ taskId: task.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    client.send(update);
    const { transfer } = await client.expect('update/resume');
    client.sendWeights({ transfer, from: 0, to: DATA_CHUNK_BYTES, weights });
    await client.expectSilence();
    await close();
    expect(await client.closed).toBe(1001);

    const restarted = await startForTest({ tasks: [task], dataFolder });
    const second = await TestClient.join(restarted.address, { clientId: client.clientId });
    second.client.send(update);
    expect(await second.client.expect('update/resume')).toMatchObject({ offset: DATA_CHUNK_BYTES });
    await second.client.close();
    // As left by a stop between the last byte and the receipt.
    const part = join(
      dataFolder,
      'transfers',
      `${client.clientId}.update.${update.updateId}.${update.sha256}.part`,
    );
    await expect
      .poll(async () => (await statusOf(restarted.address)).tasks[0]?.clients[0]?.connected, PATIENCE)
      .toBe(false);
    await writeFile(part, bytesOf(weights));
    const third = await TestClient.join(restarted.address, { clientId: client.clientId });
    third.client.send(update);
    await third.client.expect('update/receipt');
    await third.client.expect('weights/offer');
  });

  it('gives way to a newer request for the same weights', async () => {
    const { address } = await startForTest({ tasks: [task] });
    const { client } = await TestClient.join(address);
    client.send({ type: 'weights/request', reason: 'first' });
    const offer = await client.expect('weights/offer');
    client.send({ type: 'weights/resume', baseId: offer.baseId, offset: 0 });
    client.send({ type: 'weights/resume', baseId: offer.baseId, offset: offer.sizeBytes - 10 });
    const first = await client.expect('weights/data');
    const { message, skipped } = await client.skipDataUntil('weights/data');
    expect(message).toMatchObject({ offset: offer.sizeBytes - 10, transfer: first.transfer + 1 });
    expect(skipped).toBeLessThan(offer.sizeBytes / DATA_CHUNK_BYTES);
    await client.expectData();
    await client.expectSilence();
  });

  it('is refused while another one is open', async () => {
    const { address } = await startForTest({ tasks: [task] });
    const { client } = await TestClient.join(address);
    const { offer, weights } = await client.begin();
    const base = { taskId: task.id, baseId: offer.baseId, baseVersion: 0 };
    const update = updateOffer(base, weights);
    client.send(update);
    const { transfer } = await client.expect('update/resume');
    client.send(updateOffer(base, weights));
    await client.expectError('protocol/unexpected-message');
    client.sendWeights({ transfer, from: 0, weights });
    await client.expect('update/receipt');
  });
});

describe('plain HTTP', () => {
  it('tells health and status', async () => {
    const { address } = await startForTest();
    const { client } = await TestClient.join(address, { plantName: '大阪工場' });
    await client.begin();
    const health = await fetch(`${address}/health`);
    expect(healthSchema.parse(await health.json())).toMatchObject({ status: 'ok', tasks: ['small'] });
    expect(await statusOf(address)).toMatchObject({
      tasks: [
        {
          globalVersion: 0,
          counts: { received: 0, applied: 0, refused: 0, failed: 0, quarantined: 0 },
          clients: [{ clientId: client.clientId, plantName: '大阪工場', connected: true, baseVersion: 0 }],
        },
      ],
    });
    expect((await fetch(`${address}/else`)).status).toBe(404);
    expect((await fetch(`${address}/status`, { method: 'POST' })).status).toBe(404);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost:80', 200],
    ['[::1]:9', 200],
    ['factory.example', 421],
    ['127.0.0.1.factory.example', 421],
  ])('answers host %j with %d', async (host, expected) => {
    const { address } = await startForTest();
    const status = await new Promise((resolve, reject) => {
      request(`${address}/health`, { headers: { host } }, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(expected);
  });

  it.each([
    ['a foreign page', '/genba', ['genba.v1'], { origin: 'https://factory.example' }, 403],
    ['a rebound name', '/genba', ['genba.v1'], { headers: { host: 'factory.example' } }, 421],
    ['another path', '/', ['genba.v1'], {}, 404],
    ['another subprotocol', '/genba', ['genba.v9'], {}, 400],
  ])('opens no WebSocket for %s', async (_name, path, protocols, options, expected) => {
    const { address } = await startForTest();
    const socket = new WebSocket(`${address.replace('http', 'ws')}${path}`, protocols, options);
    const status = await new Promise((resolve, reject) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('open', () => reject(new Error('opened')));
      socket.on('error', () => {});
    });
    socket.terminate();
    expect(status).toBe(expected);
  });
});

describe('clients', () => {
  it('that come later start from the global weights', async () => {
    const { address, dataFolder } = await startForTest();
    const { client: first } = await TestClient.join(address);
    const begun = await first.begin();
    const weights = trained(begun.weights, 1);
    const base = { taskId: TASK.id, baseId: begun.offer.baseId, baseVersion: 0 };
    await first.upload(updateOffer(base, weights), weights);
    await first.expect('weights/offer');
    const { client: second } = await TestClient.join(address, { clientId: randomUUID() });
    const { offer } = await second.begin();
    const vectors = catalogueContent(dataFolder).task_vectors as { name: string; digest: string }[];
    const { digest } = vectors.find(({ name }) => name === 'globalWeights')!;
    expect(offer).toMatchObject({ globalVersion: 1, sha256: digest, updateId: null });
  });
});
