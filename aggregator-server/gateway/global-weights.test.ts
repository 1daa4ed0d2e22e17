import { AGENT_CAPABILITIES, WANTS_GLOBAL } from '@genba/shared/protocol/capabilities';
import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import { describe, expect, it } from 'vitest';
import { bytesOf, sha256, smallTask, trained, weightsOf } from '../testing/fixtures.ts';
import { readWeightFile, startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const TASK = smallTask();

/** A client that wants to be told of the global weights, with its first weights installed. */
async function curious(address: string, clientId?: string) {
  const client = await TestClient.dial(address, clientId);
  client.send({ ...client.hello(), capabilities: [...AGENT_CAPABILITIES, WANTS_GLOBAL] });
  const welcome = await client.expect('welcome');
  return { client, welcome };
}

/** Reports once and installs the answer. */
async function sync(client: TestClient, base: { baseId: string; globalVersion: number }, from: Float32Array) {
  const update = trained(from, base.globalVersion + 1);
  const { baseId, globalVersion: baseVersion } = base;
  await client.upload(updateOffer({ taskId: TASK.id, baseId, baseVersion }, update), update);
  const reply = await client.expect('weights/offer');
  return { reply, weights: await client.install(reply) };
}

/** Fetches what was offered from an offset on. */
async function fetchGlobal(client: TestClient, digest: string, held: Uint8Array, sizeBytes: number) {
  client.send({ type: 'global/resume', sha256: digest, offset: held.byteLength });
  const { transfer, offset } = await client.expect('global/data');
  expect(offset).toBe(held.byteLength);
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(held);
  const frame = decodeDataFrame(await client.expectData());
  expect(frame).toMatchObject({ transfer, offset });
  bytes.set(frame.payload, offset);
  return bytes;
}

describe('global weights', () => {
  it('are offered after each install to who wants to know, and are what the aggregator serves', async () => {
    const { address, dataFolder } = await startForTest();
    const { client } = await curious(address);
    const first = await client.begin();
    expect(await client.expect('global/offer')).toMatchObject({
      globalVersion: 0,
      sha256: first.offer.sha256,
    });
    const { reply, weights } = await sync(client, first.offer, first.weights);
    const offer = await client.expect('global/offer');
    expect(offer).toMatchObject({ globalVersion: 1, sizeBytes: weights.byteLength });
    const { tasks } = await statusOf(address);
    expect(offer.sha256).toBe(tasks[0]!.globalWeightsDigest);
    expect(offer.sha256).not.toBe(reply.sha256);
    const bytes = await fetchGlobal(client, offer.sha256, new Uint8Array(), offer.sizeBytes);
    expect(sha256(bytes)).toBe(offer.sha256);
    expect(bytes).toEqual(new Uint8Array(await readWeightFile(dataFolder, offer.sha256)));
  });

  it('can be fetched as soon as they are offered, however fast their plant is', async () => {
    const { address } = await startForTest();
    const { client } = await curious(address);
    let { offer: base, weights } = await client.begin();
    await client.expect('global/offer');
    for (let round = 0; round < 40; round++) {
      ({ reply: base, weights } = await sync(client, base, weights));
      const { sha256: digest, sizeBytes } = await client.expect('global/offer');
      expect(sha256(await fetchGlobal(client, digest, new Uint8Array(), sizeBytes))).toBe(digest);
    }
  });

  it('go on on another connection where they are still the same', async () => {
    const { address } = await startForTest();
    const before = await curious(address);
    const first = await before.client.begin();
    await before.client.expect('global/offer');
    await sync(before.client, first.offer, first.weights);
    const { sha256: digest, sizeBytes } = await before.client.expect('global/offer');
    const whole = await fetchGlobal(before.client, digest, new Uint8Array(), sizeBytes);
    before.client.cut();
    const { client } = await curious(address, before.client.clientId);
    expect(await client.expect('global/offer')).toMatchObject({ sha256: digest });
    expect(await fetchGlobal(client, digest, whole.subarray(0, 10), sizeBytes)).toEqual(whole);
  });

  it('are nothing to who does not ask to be told', async () => {
    const { address } = await startForTest();
    const { client } = await TestClient.join(address);
    const { offer } = await client.begin();
    await client.expectSilence();
    client.send({ type: 'global/resume', sha256: offer.sha256, offset: 0 });
    await client.expectError('protocol/unexpected-message');
  });

  it('are given in the version that was offered on this session, and in no other', async () => {
    const { address } = await startForTest();
    const { client } = await curious(address);
    const first = await client.begin();
    const offer = await client.expect('global/offer');
    const { weights } = await sync(client, first.offer, first.weights);
    const newer = await client.expect('global/offer');
    for (const digest of [offer.sha256, sha256(bytesOf(weights))]) {
      client.send({ type: 'global/resume', sha256: digest, offset: 0 });
      expect((await client.expectError('protocol/unexpected-message')).about).toBe(digest);
    }
    client.send({ type: 'global/resume', sha256: newer.sha256, offset: newer.sizeBytes + 1 });
    await client.expectError('protocol/offset-mismatch');
    expect(weightsOf(await fetchGlobal(client, newer.sha256, new Uint8Array(), newer.sizeBytes))).not.toEqual(
      weights,
    );
  });
});
