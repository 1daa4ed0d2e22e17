import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { healthSchema } from '@genba/shared/protocol/status';
import { describe, expect, it } from 'vitest';
import { listGuests, revoke } from '../operations/devices.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { catalogueContent, startForTest } from '../testing/gateway-bench.ts';
import { auditOf } from '../testing/read-audit.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';
import { type Server, TestDevice, testKey } from '../testing/test-device.ts';

const TASK = smallTask();

async function get({ address, ca }: Server, path: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${address}${path}`, { ca }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode!, body: JSON.parse(text) });
    });
    asked.once('error', reject).end();
  });
}

describe('a session of an enrolled device', () => {
  it('goes the whole road', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const { client } = await device.join(server);
    const first = await client.begin();
    const weights = trained(first.weights, 1);
    const base = { taskId: TASK.id, baseId: first.offer.baseId, baseVersion: 0 };
    await client.upload(updateOffer(base, weights), weights);
    expect(await client.install(await client.expect('weights/offer'))).toEqual(weights);
  });

  it('may make only so many offers in a minute', async () => {
    const server = await startEnrolled({ limits: { offersPerMinute: 2 } });
    const [device, neighbour] = [await server.enrolled(), await server.enrolled()];
    const { client } = await device.join(server);
    const { offer, weights } = await client.begin();
    const update = updateOffer({ taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    await client.upload(update, weights);
    await client.install(await client.expect('weights/offer'));
    client.send(update);
    await client.expect('update/receipt');
    client.send(update);
    const refused = await client.expectError('server/too-many-requests');
    expect(refused).toMatchObject({ about: update.updateId, retry: true });
    const joined = await neighbour.join(server);
    const begun = await joined.client.begin();
    const other = { taskId: TASK.id, baseId: begun.offer.baseId, baseVersion: 1 };
    await joined.client.upload(updateOffer(other, begun.weights), begun.weights);
  });
});

describe('revoking a device', () => {
  it('cuts its open connection, and no other', async () => {
    const server = await startEnrolled();
    const [out, neighbour] = [await server.enrolled(), await server.enrolled()];
    const [cut, kept] = [await out.join(server), await neighbour.join(server)];
    const { weights, offer } = await cut.client.begin();
    const startedAt = performance.now();
    const { devices } = await revoke(server.dataFolder, { key: out.key.keyId.slice(0, 8) });
    expect(devices).toMatchObject([{ clientId: out.clientId }]);
    await cut.client.expectError('identity/revoked');
    const tookMs = Math.round(performance.now() - startedAt);
    process.stdout.write(`connection cut ${tookMs} ms after the command began\n`);
    // Nothing it says is heard any more, not even an update that is all right.
    cut.client.send(updateOffer({ taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 }, weights));
    expect(await cut.client.closed).toBe(1008);
    await kept.client.begin();
    expect(catalogueContent(server.dataFolder).updates).toEqual([]);
  });

  it('again changes nothing, and says so', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    await revoke(server.dataFolder, { client: device.clientId });
    expect(await revoke(server.dataFolder, { client: device.clientId })).toEqual({
      devices: [],
      invitations: [],
    });
    const unknown = { code: 'operation/unknown-device' };
    await expect(revoke(server.dataFolder, { client: crypto.randomUUID() })).rejects.toMatchObject(unknown);
    // Too short a beginning fits too many.
    const key = device.key.keyId.slice(0, 7);
    await expect(revoke(server.dataFolder, { key })).rejects.toMatchObject(unknown);
  });

  it('ends an invitation, which nobody can use then', async () => {
    const server = await startEnrolled();
    const { code } = await server.invite({ plantName: '大阪' });
    const { invitations } = await listGuests(server.dataFolder);
    const invitation = invitations[0]!.codeDigest.slice(0, 12);
    expect((await revoke(server.dataFolder, { invitation })).invitations).toMatchObject([
      { plantName: '大阪' },
    ]);
    expect((await listGuests(server.dataFolder)).invitations).toEqual([]);
    const device = new TestDevice();
    const challenged = await device.challenged(server, null);
    challenged.client.send(device.enrolment(challenged, code));
    await challenged.client.expectError('identity/code-expired');
  });
});

describe('replacing a key', () => {
  it('keeps the old one good until the new one was used, whatever is cut on the way', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const old = device.key;
    const next = testKey();
    for (const _ of ['answer lost', 'said again']) {
      const joined = await device.join(server);
      joined.client.send(device.rotation(joined, next));
      expect(await joined.client.expect('key/rotated')).toMatchObject({ keyId: next.keyId });
      joined.client.cut();
    }
    device.key = next;
    const { client } = await device.join(server);
    // Said again when it is long done.
    const again = await device.join(server);
    again.client.send(device.rotation(again, next));
    expect(await again.client.expect('key/rotated')).toMatchObject({ keyId: next.keyId });
    expect(await client.closed).toBe(1008);

    const late = new TestDevice({ clientId: device.clientId, key: old });
    const challenged = await late.challenged(server);
    challenged.client.send(late.proof(challenged));
    await challenged.client.expectError('identity/unknown-key');
  });

  it('takes the key announced last', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const joined = await device.join(server);
    const [first, second] = [testKey(), testKey()];
    for (const next of [first, second]) {
      joined.client.send(device.rotation(joined, next));
      await joined.client.expect('key/rotated');
    }
    const forgotten = new TestDevice({ clientId: device.clientId, key: first });
    const challenged = await forgotten.challenged(server);
    challenged.client.send(forgotten.proof(challenged));
    await challenged.client.expectError('identity/unknown-key');
    device.key = second;
    await device.join(server);
  });

  it('is refused without the new key’s signature, with another device’s key, or from another connection', async () => {
    const server = await startEnrolled();
    const [device, neighbour] = [await server.enrolled(), await server.enrolled()];
    const earlier = await device.join(server);
    const rotation = device.rotation(earlier, testKey());
    const joined = await device.join(server);
    const { publicKey } = testKey();
    for (const [message, code] of [
      [{ ...device.rotation(joined, testKey()), publicKey }, 'identity/bad-signature'],
      [rotation, 'identity/bad-signature'],
      [device.rotation(joined, neighbour.key), 'identity/wrong-device'],
    ] as const) {
      joined.client.send(message);
      await joined.client.expectError(code);
    }
    // Nothing of it broke the session.
    await joined.client.begin();
    await neighbour.join(server);
  });

  it('is not possible where nobody has a key', async () => {
    const { address } = await startForTest();
    const { client } = await TestClient.join(address);
    // Well-formed in every field.
    const signature = Buffer.alloc(64).toString('base64url');
    client.send({ type: 'key/rotate', publicKey: testKey().publicKey, signature });
    await client.expectError('protocol/unexpected-message');
  });
});

describe('over HTTP', () => {
  it('a stranger learns that the server is up, and nothing about tasks or plants', async () => {
    const server = await startEnrolled();
    const { status, body } = await get(server, '/health');
    expect(status).toBe(200);
    expect(healthSchema.parse(body)).toEqual({
      status: 'ok',
      version: expect.any(String),
      protocol: 1,
      security: 'enrolled',
    });
    expect((await get(server, '/status')).status).toBe(404);
  });
});

describe('the certificate', () => {
  it('is what invitations pin, and comes with the chain', async () => {
    const server = await startEnrolled();
    const { servers, certificate } = await server.invite();
    expect(servers).toEqual([server.address.replace('https', 'wss')]);
    expect(certificate).toBe(new X509Certificate(server.ca).fingerprint256.replaceAll(':', '').toLowerCase());
  });
});

describe('the audit record', () => {
  it('holds what happened around devices, and who did it from where', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled('仙台');
    const joined = await device.join(server);
    const next = testKey();
    joined.client.send(device.rotation(joined, next));
    await joined.client.expect('key/rotated');
    device.key = next;
    await device.join(server);
    const stranger = new TestDevice();
    for (let attempt = 0; attempt < 3; attempt++) {
      const challenged = await stranger.challenged(server);
      challenged.client.send(stranger.proof(challenged));
      await challenged.client.expectError('identity/unknown-key');
    }
    await revoke(server.dataFolder, { client: device.clientId });
    await server.close();
    const rows = await auditOf(server.dataFolder);
    expect(rows.map(({ event }) => event)).toEqual([
      'server-started',
      'invitation-made',
      'enrolled',
      'key-announced',
      'key-rotated',
      'handshake-refused',
      'revoked',
      'handshakes-refused',
    ]);
    const of = (event: string) => rows.find((row) => row.event === event);
    expect(of('server-started')?.detail).toMatchObject({ security: 'enrolled' });
    expect(of('invitation-made')?.actor).toMatch(/^operator ./);
    const { clientId } = device;
    expect(of('enrolled')).toMatchObject({
      actor: 'device',
      taskId: TASK.id,
      clientId,
      remoteAddress: '127.0.0.1',
    });
    // What the stranger claimed is not written where proven facts are.
    expect(of('handshake-refused')).toMatchObject({
      clientId: null,
      detail: { code: 'identity/unknown-key', claimedClient: stranger.clientId },
    });
    expect(of('handshakes-refused')?.detail).toEqual({ code: 'identity/unknown-key', count: 2 });
    const text = JSON.stringify(rows);
    expect(text).not.toContain(device.key.publicKey);
  });

  it('says when everybody is let in', async () => {
    const { dataFolder, close } = await startForTest();
    await close();
    expect(await auditOf(dataFolder)).toMatchObject([
      { event: 'server-started', detail: { security: 'open-loopback' } },
    ]);
  });
});
