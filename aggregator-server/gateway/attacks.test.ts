import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { toEnrolmentCode } from '@genba/shared/identity/enrolment-code';
import { WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import type { ClientMessage } from '@genba/shared/protocol/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { issueServerCertificate, makeAuthority } from '../identity/certificates.ts';
import { listGuests, revoke } from '../operations/devices.ts';
import { type EnrolledBench, startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask } from '../testing/fixtures.ts';
import { catalogueContent } from '../testing/gateway-bench.ts';
import { TestClient } from '../testing/test-client.ts';
import { type Challenged, type Server, TestDevice, testKey } from '../testing/test-device.ts';

/** The answer was refused with this code, and the connection closed for that. */
async function expectRefused({ client }: Challenged, code: ErrorCode): Promise<void> {
  expect((await client.expectError(code)).about).toBe('hello');
  expect(await client.closed).toBe(1008);
}

async function expectAnswerRefused(
  challenged: Challenged,
  answer: ClientMessage,
  code: ErrorCode,
): Promise<void> {
  challenged.client.send(answer);
  await expectRefused(challenged, code);
}

const otherBytes = (count: number) => randomBytes(count).toString('base64url');

describe('a proof', () => {
  it('lets its device in', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled('仙台 第一工場');
    const { welcome } = await device.join(server);
    expect(welcome).toMatchObject({ security: 'enrolled', task: smallTask() });
  });

  it('is refused when it answers an earlier challenge', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const first = await device.challenged(server);
    const proof = device.proof(first);
    const second = await device.challenged(server);
    await expectAnswerRefused(second, proof, 'identity/stale-proof');
    // Dressed up as an answer to this one, it does not verify.
    const third = await device.challenged(server);
    const channel = third.client.channel.toString('base64url');
    await expectAnswerRefused(third, { ...proof, nonce: third.nonce, channel }, 'identity/bad-signature');
  });

  it('is refused when it answers a nonce that was never asked', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const challenged = await device.challenged(server);
    const proof = device.proof({ ...challenged, nonce: otherBytes(32) });
    await expectAnswerRefused(challenged, proof, 'identity/stale-proof');
  });

  it.each([
    ['as it came', 'identity/channel-mismatch', (proof: object) => proof],
    ['with its own channel named', 'identity/bad-signature', rewriteChannel],
  ] as const)('is refused when somebody in the middle relays it %s', async (_, code, rewrite) => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const middle = await startRelay(server, rewrite);
    const challenged = await device.challenged(middle);
    await expectAnswerRefused(challenged, device.proof(challenged), code);
  });

  it('is refused when another key signed it', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const challenged = await device.challenged(server);
    const { signature } = new TestDevice({ clientId: device.clientId }).proof(challenged);
    const forged = { ...device.proof(challenged), signature };
    await expectAnswerRefused(challenged, forged, 'identity/bad-signature');
  });

  it('is refused when it comes with another key than hello named', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const other = new TestDevice({ clientId: device.clientId });
    const challenged = await device.challenged(server);
    await expectAnswerRefused(challenged, other.proof(challenged), 'identity/bad-signature');
  });

  it('is refused by a key that never enrolled', async () => {
    const server = await startEnrolled();
    const stranger = new TestDevice();
    const challenged = await stranger.challenged(server);
    await expectAnswerRefused(challenged, stranger.proof(challenged), 'identity/unknown-key');
  });

  it('is refused by a key that was revoked', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    await revoke(server.dataFolder, { key: device.key.keyId });
    const challenged = await device.challenged(server);
    await expectAnswerRefused(challenged, device.proof(challenged), 'identity/revoked');
  });

  it.each([
    ['client', { clientId: crypto.randomUUID() }],
    ['task', { taskId: 'second' }],
  ])('is refused by the key of another %s', async (_, changes) => {
    const server = await startEnrolled({ tasks: [smallTask(), smallTask({ id: 'second' })] });
    const { clientId, taskId, key } = await server.enrolled();
    const thief = new TestDevice({ clientId, taskId, ...changes, key });
    const challenged = await thief.challenged(server);
    await expectAnswerRefused(challenged, thief.proof(challenged), 'identity/wrong-device');
  });

  it('is refused by somebody who has no key', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const challenged = await device.challenged(server, null);
    await expectAnswerRefused(challenged, device.proof(challenged), 'identity/not-enrolled');
  });

  it.each([
    ['a key that is too short', { publicKey: otherBytes(31) }, 'protocol/bad-message'],
    ['a key in another alphabet', { publicKey: `${'+'.repeat(42)}A` }, 'protocol/bad-message'],
    [
      'a key that is no point',
      { publicKey: Buffer.alloc(32, 2).toString('base64url') },
      'identity/bad-signature',
    ],
    ['a signature cut short', { signature: otherBytes(63) }, 'protocol/bad-message'],
    ['a signature of zeros', { signature: Buffer.alloc(64).toString('base64url') }, 'identity/bad-signature'],
    ['one field more', { more: 1 }, 'protocol/bad-message'],
  ] as const)('is refused with %s', async (_, changes, code) => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const challenged = await device.challenged(server);
    challenged.client.sendText(JSON.stringify({ ...device.proof(challenged), ...changes }));
    await expectRefused(challenged, code);
  });

  it.each([
    ['hello again', (client: TestClient) => client.send(client.hello())],
    ['weights/request', (client: TestClient) => client.send({ type: 'weights/request', reason: 'first' })],
    ['a data frame', (client: TestClient) => client.sendBinary(randomBytes(20))],
  ])('is expected, not %s', async (_, say) => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const challenged = await device.challenged(server);
    say(challenged.client);
    await expectRefused(challenged, 'identity/proof-expected');
  });
});

describe('an enrolment', () => {
  it('gives the plant the name of its invitation', async () => {
    const server = await startEnrolled();
    const device = new TestDevice();
    const { code } = await server.invite({ plantName: '仙台 第一工場' });
    const { welcome } = await device.enrol(server, code);
    expect(welcome.security).toBe('enrolled');
    const clients = [expect.objectContaining({ plant_name: '仙台 第一工場' })];
    expect(catalogueContent(server.dataFolder).clients).toEqual(clients);
    const { devices, invitations } = await listGuests(server.dataFolder);
    expect(invitations).toEqual([]);
    expect(devices).toMatchObject([
      { plantName: '仙台 第一工場', clientId: device.clientId, keyId: device.key.keyId, revokedAt: null },
    ]);
  });

  it('may be said again after a cut, with the same key only', async () => {
    const server = await startEnrolled();
    const device = new TestDevice();
    const { code } = await server.invite({ validMs: 60_000 });
    (await device.enrol(server, code)).client.cut();
    await device.enrol(server, code);
    expect((await listGuests(server.dataFolder)).devices).toHaveLength(1);
    const other = new TestDevice({ clientId: device.clientId });
    const challenged = await other.challenged(server, null);
    await expectAnswerRefused(challenged, other.enrolment(challenged, code), 'identity/code-spent');
  });

  it('is refused with a code that was never made', async () => {
    const server = await startEnrolled();
    const device = new TestDevice();
    const challenged = await device.challenged(server, null);
    const guess = device.enrolment(challenged, toEnrolmentCode(randomBytes(20)));
    await expectAnswerRefused(challenged, guess, 'identity/code-unknown');
  });

  it('is refused with a code for another task', async () => {
    const server = await startEnrolled({ tasks: [smallTask(), smallTask({ id: 'second' })] });
    const device = new TestDevice({ taskId: 'second' });
    const { code } = await server.invite();
    const challenged = await device.challenged(server, null);
    await expectAnswerRefused(challenged, device.enrolment(challenged, code), 'identity/code-unknown');
  });

  it('is refused with a code whose time is over', async () => {
    const server = await startEnrolled();
    const device = new TestDevice();
    const { code } = await server.invite({ validMs: 1 });
    const challenged = await device.challenged(server, null);
    await expectAnswerRefused(challenged, device.enrolment(challenged, code), 'identity/code-expired');
  });

  it('is refused with a code that another device has spent', async () => {
    const server = await startEnrolled();
    const { code } = await server.invite();
    await new TestDevice().enrol(server, code);
    const second = new TestDevice();
    const challenged = await second.challenged(server, null);
    await expectAnswerRefused(challenged, second.enrolment(challenged, code), 'identity/code-spent');
  });

  it('is refused with a code that was overheard: it fits no other key', async () => {
    const server = await startEnrolled();
    const { code } = await server.invite();
    const device = new TestDevice();
    const challenged = await device.challenged(server, null);
    const { publicKey } = testKey();
    const swapped = { ...device.enrolment(challenged, code), publicKey };
    await expectAnswerRefused(challenged, swapped, 'identity/bad-signature');
  });

  it('is refused through somebody in the middle', async () => {
    const server = await startEnrolled();
    const { code } = await server.invite();
    const middle = await startRelay(server, rewriteChannel);
    const device = new TestDevice();
    const challenged = await device.challenged(middle, null);
    await expectAnswerRefused(challenged, device.enrolment(challenged, code), 'identity/bad-signature');
    // Nothing was spent.
    await device.enrol(server, code);
  });

  it('is refused to a client that has another key, until that one is revoked', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const again = new TestDevice({ clientId: device.clientId });
    const { code } = await server.invite();
    const challenged = await again.challenged(server, null);
    await expectAnswerRefused(challenged, again.enrolment(challenged, code), 'identity/already-enrolled');
    await revoke(server.dataFolder, { client: device.clientId });
    await again.enrol(server, code);
  });

  it('does not bring a revoked key back', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    await revoke(server.dataFolder, { client: device.clientId });
    const { code } = await server.invite();
    const challenged = await device.challenged(server, null);
    await expectAnswerRefused(challenged, device.enrolment(challenged, code), 'identity/revoked');
  });

  it('is refused on an open session, which stays open', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const joined = await device.join(server);
    const { code } = await server.invite();
    for (const message of [device.enrolment(joined, code), device.proof(joined)]) {
      joined.client.send(message);
      await joined.client.expectError('protocol/unexpected-message');
    }
    await joined.client.begin();
  });
});

describe('without TLS', () => {
  it('nobody is answered where devices enrol', async () => {
    const { address } = await startEnrolled();
    const plain = address.replace('https', 'http');
    await expect(TestClient.dial(plain)).rejects.toThrow();
    await expect(
      new Promise((resolve, reject) => httpRequest(`${plain}/health`, resolve).once('error', reject).end()),
    ).rejects.toThrow();
  });

  it('an older TLS is refused and TLS 1.3 is not', async () => {
    const { address, ca } = await startEnrolled();
    const { port } = new URL(address);
    const hand = async (maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
      const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca, maxVersion });
      onTestFinished(() => {
        socket.destroy();
      });
      await once(socket, 'secureConnect');
      return socket.getProtocol();
    };
    await expect(hand('TLSv1.2')).rejects.toThrow();
    expect(await hand('TLSv1.3')).toBe('TLSv1.3');
  });

  it('a proper client does not talk to a server with another certificate', async () => {
    const { address } = await startEnrolled();
    const { certificate } = await makeAuthority(new Date());
    const stranger = certificate.toString();
    await expect(TestClient.dial(address, undefined, stranger)).rejects.toThrow(/certificate/);
  });
});

describe('before its welcome', () => {
  it('a peer that sends more than a handshake is cut off', async () => {
    const server = await startEnrolled();
    const client = await TestClient.dial(server.address, undefined, server.ca);
    client.sendText('x'.repeat(3_000_000));
    await client.expectError('protocol/frame-too-large');
    // It reads no more, so the connection ends by force.
    await client.closed;
  });

  it('a device may send as much as it likes', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const { client } = await device.join(server);
    for (let frame = 0; frame < 20; frame++) client.sendText('x'.repeat(60_000));
    for (let frame = 0; frame < 20; frame++) await client.expectError('protocol/bad-message');
    await client.begin();
  });

  it('a peer that says nothing, or hello and nothing more, is refused', async () => {
    const server = await startEnrolled({ limits: { handshakeMs: 200 } });
    const silent = await TestClient.dial(server.address, undefined, server.ca);
    await silent.expectError('protocol/hello-expected');
    expect(await silent.closed).toBe(1008);
    const device = new TestDevice();
    await expectRefused(await device.challenged(server), 'identity/proof-expected');
  });

  it('connections of one address are limited; those that were let in do not count', async () => {
    const server = await startEnrolled({ limits: { pendingPerAddress: 3 } });
    const { port } = new URL(server.address);
    const dial = async () => {
      const socket = connect(Number(port), '127.0.0.1');
      onTestFinished(() => {
        socket.destroy();
      });
      await once(socket, 'connect');
      return socket;
    };
    const devices = [];
    for (let device = 0; device < 4; device++) devices.push(await (await server.enrolled()).join(server));
    const [first] = [await dial(), await dial(), await dial()];
    const fourth = await dial();
    await once(fourth, 'close');
    expect(first.closed).toBe(false);
    first.destroy();
    await expect
      .poll(async () => {
        const socket = await dial();
        const end = once(socket, 'close').then(() => 'cut');
        return Promise.race([end, new Promise((resolve) => setTimeout(() => resolve('open'), 300))]);
      })
      .toBe('open');
    await devices[0]!.client.begin();
  });

  it('an address with too many failures is told to wait; success does not count', async () => {
    const server = await startEnrolled({ limits: { failuresPerAddress: 3 } });
    const device = await server.enrolled();
    for (let success = 0; success < 5; success++) await (await device.join(server)).client.close();
    const stranger = new TestDevice();
    for (let failure = 0; failure < 3; failure++) {
      const challenged = await stranger.challenged(server);
      await expectAnswerRefused(challenged, stranger.proof(challenged), 'identity/unknown-key');
    }
    const { statusCode, headers } = await refusedUpgrade(server);
    expect(statusCode).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('a device that was locked out does not lock out its neighbours', async () => {
    const server = await startEnrolled({ limits: { failuresPerAddress: 2 } });
    const [out, neighbour] = [await server.enrolled(), await server.enrolled()];
    await revoke(server.dataFolder, { client: out.clientId });
    for (let attempt = 0; attempt < 4; attempt++) {
      const challenged = await out.challenged(server);
      await expectAnswerRefused(challenged, out.proof(challenged), 'identity/revoked');
    }
    await neighbour.join(server);
  });

  it('no code is tried any more after too many unknown ones', async () => {
    const server = await startEnrolled({ limits: { unknownCodes: 2 } });
    const { code } = await server.invite();
    const device = new TestDevice();
    for (let guess = 0; guess < 2; guess++) {
      const challenged = await device.challenged(server, null);
      const guessed = device.enrolment(challenged, toEnrolmentCode(randomBytes(20)));
      await expectAnswerRefused(challenged, guessed, 'identity/code-unknown');
    }
    const challenged = await device.challenged(server, null);
    await expectAnswerRefused(challenged, device.enrolment(challenged, code), 'server/too-many-requests');
  });
});

/** How an upgrade that is not answered with a WebSocket is answered. */
async function refusedUpgrade({ address, ca }: Server) {
  const url = `${address.replace('http', 'ws')}${WEBSOCKET_PATH}`;
  const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL, { ca });
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response as { statusCode: number; headers: Record<string, string> };
}

/** What somebody in the middle who knows the protocol does: names the channel the server expects. */
function rewriteChannel(message: object, channelToServer: string): object {
  return 'channel' in message ? { ...message, channel: channelToServer } : message;
}

/** Somebody in the middle, with a certificate of their own that the device trusts, passing on what is said. */
async function startRelay(
  server: EnrolledBench,
  rewrite: (message: object, channelToServer: string) => object,
): Promise<Server> {
  const authority = await makeAuthority(new Date());
  const { certificate, key } = await issueServerCertificate(authority, {
    names: ['127.0.0.1'],
    now: new Date(),
  });
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' });
  const listener = createTlsServer({ cert: `${certificate}${authority.certificate}`, key: keyPem });
  const sockets = new WebSocketServer({ server: listener });
  sockets.on('connection', async (device) => {
    const dialled = TestClient.dial(server.address, undefined, server.ca);
    device.on('message', async (data) => {
      const toServer = await dialled;
      const channel = toServer.channel.toString('base64url');
      toServer.send(rewrite(JSON.parse(`${data}`), channel) as ClientMessage);
    });
    const toServer = await dialled;
    void toServer.closed.then((code) => device.close(code));
    for (;;) {
      const received = await toServer.next().catch(() => null);
      if (received === null || !('message' in received)) return;
      device.send(JSON.stringify(received.message));
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    sockets.close();
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  return { address: `https://127.0.0.1:${port}`, ca: authority.certificate.toString() };
}
