import { join } from 'node:path';
import { TASK_FEATURES } from '@genba/shared/model/task-features';
import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { verify } from '../operations/verify.ts';
import { listWeightFiles } from '../store/weight-files.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { startForTest } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const BY_CLIENTS = smallTask({ federation: { reference: 'average', calibratedBy: 'client' } });
const BY_SERVER = smallTask({ federation: { reference: 'average', calibratedBy: 'server' } });

/** A plant that joins, reports once and installs the reply, bytes unread. */
async function visit(address: string, taskId: string, seed: number): Promise<void> {
  const { client } = await TestClient.join(address);
  const { offer, weights } = await client.begin();
  const { baseId, globalVersion } = offer;
  const update = trained(weights, seed);
  await client.upload(updateOffer({ taskId, baseId, baseVersion: globalVersion }, update), update);
  await client.install(await client.expect('weights/offer'));
  await client.expectSilence();
  await client.close();
}

/** Names of all weight files, and of those that are kept versions. */
async function filesOf(dataFolder: string): Promise<{ stored: string[]; versions: string[] }> {
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'), { readonly: true });
  const sql = 'SELECT DISTINCT digest FROM versions WHERE evicted_at IS NULL ORDER BY digest';
  const versions = database.prepare(sql).pluck().all() as string[];
  database.close();
  return { stored: (await listWeightFiles(join(dataFolder, 'weights'))).sort(), versions };
}

it('answers with the average before the update and its weight, and takes the next update on that base', async () => {
  const { address } = await startForTest({ tasks: [BY_CLIENTS] });
  const { client } = await TestClient.join(address);
  const first = await client.begin();
  expect(first.offer).toMatchObject({ use: 'install-as-reference', globalVersion: 0 });
  const weights = trained(first.weights, 1);
  const base = { taskId: BY_CLIENTS.id, baseId: first.offer.baseId, baseVersion: 0 };
  const update = updateOffer(base, weights);
  await client.upload(update, weights);
  const reply = await client.expect('weights/offer');
  expect(reply).toMatchObject({
    use: 'calibrate',
    // The average after the own merge is what the next shift is measured against.
    globalVersion: 1,
    updateId: update.updateId,
    mixingWeight: 0.6,
    sha256: first.offer.sha256,
    calibration: [],
  });
  expect(await client.install(reply)).toEqual(first.weights);
  const next = trained(weights, 2);
  await client.upload(updateOffer({ ...base, baseId: reply.baseId, baseVersion: 1 }, next), next);
  expect(await client.expect('weights/offer')).toMatchObject({
    use: 'calibrate',
    globalVersion: 2,
    staleness: 0,
  });
});

it('hands calibration over with the last reply it calibrates, and lets go of both once they are installed', async () => {
  const federation = { reference: 'average', calibratedBy: 'auto', calibrationLimit: 1 };
  const { address, dataFolder } = await startForTest({ tasks: [smallTask({ federation })] });
  const { client } = await TestClient.join(address);
  const first = await client.begin();
  expect(first.offer).toMatchObject({ use: 'install' });
  const { client: second } = await TestClient.join(address);
  expect((await second.begin()).offer).toMatchObject({ use: 'install-as-reference' });

  const weights = trained(first.weights, 1);
  const base = { taskId: BY_CLIENTS.id, baseId: first.offer.baseId, baseVersion: 0 };
  await client.upload(updateOffer(base, weights), weights);
  const reply = await client.expect('weights/offer');
  expect(reply).toMatchObject({ use: 'install-and-reference', sizeBytes: 2 * weights.byteLength });
  expect((await filesOf(dataFolder)).stored).toContain(reply.sha256);
  // A file of twice the size is no damage.
  expect(await verify({ dataFolder })).toMatchObject({ problems: [], orphans: 0 });
  const both = await client.install(reply);
  // Alone, a client is never changed by calibration; the average is between the two.
  expect(both.subarray(0, weights.length)).toEqual(weights);
  const average = both.subarray(weights.length);
  average.forEach((value, i) => {
    expect(value).toBeCloseTo(0.4 * first.weights[i]! + 0.6 * weights[i]!, 6);
  });
  await client.expectSilence();
  const { stored, versions } = await filesOf(dataFolder);
  expect(stored).toEqual(versions);
  client.send({ type: 'weights/resume', baseId: reply.baseId, offset: 0 });
  await client.expectError('protocol/unexpected-message');
});

it('keeps nothing of any client that calibrates by itself, where it keeps two models of each other one', async () => {
  const ownDoing = await startForTest({ tasks: [BY_CLIENTS] });
  const byServer = await startForTest({ tasks: [BY_SERVER] });
  const clients = 30;
  for (let seed = 0; seed < clients; seed++) {
    await visit(ownDoing.address, BY_CLIENTS.id, seed);
    await visit(byServer.address, BY_SERVER.id, seed);
  }
  const { stored, versions } = await filesOf(ownDoing.dataFolder);
  expect(stored).toEqual(versions);
  expect(versions.length).toBeLessThan(clients);
  expect((await filesOf(byServer.dataFolder)).stored.length).toBeGreaterThan(versions.length + clients);
});

it('refuses a program that cannot calibrate where it may have to, and admits it elsewhere', async () => {
  const { address } = await startForTest({ tasks: [BY_CLIENTS] });
  const old = await TestClient.dial(address);
  old.send({ ...old.hello(), capabilities: [...TASK_FEATURES] });
  await old.expectError('task/app-too-old');
  expect(await old.closed).toBe(1008);
  const elsewhere = await startForTest({ tasks: [BY_SERVER] });
  const admitted = await TestClient.dial(elsewhere.address);
  admitted.send({ ...admitted.hello(), capabilities: [...TASK_FEATURES] });
  await admitted.expect('welcome');
});
