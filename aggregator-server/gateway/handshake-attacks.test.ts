import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { ClientMessage } from '@genba/shared/protocol/messages';
import { expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../identity/certificates.ts';
import { revoke } from '../operations/devices.ts';
import { dataFolderState } from '../testing/data-folder-state.ts';
import { type EnrolledBench, startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask } from '../testing/fixtures.ts';
import { TestClient } from '../testing/test-client.ts';
import { type Challenged, TestDevice } from '../testing/test-device.ts';

/**
 * The attacks that a handshake has to withstand, each refused by a code that no other has, beside somebody who does the
 * same rightly and is let in. Their many forms: attacks.test.ts. What the device refuses in its turn, such as another
 * certificate or a server that asks for no key: `main/agent/sync/enrolled-sync.test.ts`.
 */
interface Attack {
  readonly name: string;
  readonly code: ErrorCode;
  /** Goes as far as the message that is refused, and says it. */
  attack(server: EnrolledBench): Promise<TestClient>;
  /** The same done rightly; an enrolled device proves itself when left out. */
  admitted?(server: EnrolledBench): Promise<unknown>;
}

const enrols = async (server: EnrolledBench) => {
  const { code } = await server.invite();
  return new TestDevice().enrol(server, code);
};

function say({ client }: Challenged, message: ClientMessage): TestClient {
  client.send(message);
  return client;
}

/** A code that an invitation has, tried by a device that comes second. */
async function enrolmentWith(server: EnrolledBench, code: string): Promise<TestClient> {
  const device = new TestDevice();
  const challenged = await device.challenged(server, null);
  return say(challenged, device.enrolment(challenged, code));
}

const ATTACKS: readonly Attack[] = [
  {
    name: 'no key',
    code: 'identity/not-enrolled',
    attack: async (server) => {
      const device = new TestDevice();
      const challenged = await device.challenged(server, null);
      return say(challenged, device.proof(challenged));
    },
  },
  {
    name: 'a key that nobody enrolled',
    code: 'identity/unknown-key',
    attack: async (server) => {
      const device = new TestDevice();
      const challenged = await device.challenged(server);
      return say(challenged, device.proof(challenged));
    },
  },
  {
    name: 'the name of a key that is not theirs',
    code: 'identity/bad-signature',
    attack: async (server) => {
      const victim = await server.enrolled();
      const thief = new TestDevice({ clientId: victim.clientId });
      const challenged = await thief.challenged(server, victim.key.keyId);
      return say(challenged, { ...thief.proof(challenged), publicKey: victim.key.publicKey });
    },
  },
  {
    name: 'the key of another client',
    code: 'identity/wrong-device',
    attack: async (server) => {
      const { key } = await server.enrolled();
      const thief = new TestDevice({ key });
      const challenged = await thief.challenged(server);
      return say(challenged, thief.proof(challenged));
    },
  },
  {
    name: 'a proof of an earlier connection',
    code: 'identity/stale-proof',
    attack: async (server) => {
      const device = await server.enrolled();
      const earlier = await device.join(server);
      const recorded = device.proof(earlier);
      return say(await device.challenged(server), recorded);
    },
  },
  {
    name: 'a proof made for another TLS connection',
    code: 'identity/channel-mismatch',
    attack: async (server) => {
      const device = await server.enrolled();
      const [middle, here] = [await device.challenged(server), await device.challenged(server)];
      return say(here, device.proof({ client: middle.client, nonce: here.nonce }));
    },
  },
  {
    name: 'a code that was used',
    code: 'identity/code-spent',
    attack: async (server) => {
      const { code } = await server.invite();
      await new TestDevice().enrol(server, code);
      return enrolmentWith(server, code);
    },
    admitted: enrols,
  },
  {
    name: 'a code whose time is over',
    code: 'identity/code-expired',
    attack: async (server) => enrolmentWith(server, (await server.invite({ validMs: 1 })).code),
    admitted: enrols,
  },
  {
    name: 'a code that was never made',
    code: 'identity/code-unknown',
    attack: (server) => enrolmentWith(server, '0'.repeat(32)),
    admitted: enrols,
  },
  {
    name: 'a key that was revoked',
    code: 'identity/revoked',
    attack: async (server) => {
      const device = await server.enrolled();
      await revoke(server.dataFolder, { key: device.key.keyId });
      const challenged = await device.challenged(server);
      return say(challenged, device.proof(challenged));
    },
  },
  {
    name: 'silence about who they are',
    code: 'identity/proof-expected',
    attack: async (server) => {
      const challenged = await new TestDevice().challenged(server, null);
      return say(challenged, { type: 'weights/request', reason: 'first' });
    },
  },
  {
    name: 'an earlier protocol',
    code: 'protocol/unsupported-version',
    attack: async (server) => {
      const client = await TestClient.dial(server.address, undefined, server.ca);
      const protocol = { min: 0, max: 0 };
      client.sendText(JSON.stringify({ ...client.hello({ taskId: smallTask().id }), protocol }));
      return client;
    },
  },
];

it('has a code of its own for each attack', () => {
  const codes = ATTACKS.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

it.each(ATTACKS)(
  'refuses $name by $code and lets in who does it rightly',
  async ({ code, attack, admitted }) => {
    const server = await startEnrolled();
    const honest = await server.enrolled('仙台');
    const client = await attack(server);
    expect((await client.expectError(code)).about).toBe('hello');
    expect(await client.closed).toBe(1008);
    await (admitted ?? ((to) => honest.join(to)))(server);
  },
);

/** TLS refuses by itself, before a word of the protocol, each time with a reason of its own. */
it.each([
  ['an earlier TLS', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', { maxVersion: 'TLSv1.2' }],
  ['a server with another certificate', 'SELF_SIGNED_CERT_IN_CHAIN', { ca: 'another' }],
  ['a server with another name', 'ERR_TLS_CERT_ALTNAME_INVALID', { servername: 'elsewhere.example' }],
] as const)('%s ends before any message, by %s', async (_, code, wrong) => {
  const server = await startEnrolled();
  const before = await dataFolderState(server.dataFolder);
  const { certificate } = await makeAuthority(new Date());
  const { port } = new URL(server.address);
  const hand = async (changes: object) => {
    const right = { host: '127.0.0.1', port: Number(port), ca: server.ca };
    const socket = connectTls({ ...right, ...changes });
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'secureConnect');
    return socket;
  };
  const ca = 'ca' in wrong ? { ca: certificate.toString() } : {};
  await expect(hand({ ...wrong, ...ca })).rejects.toMatchObject({ code });
  expect((await hand({})).getProtocol()).toBe('TLSv1.3');
  expect(await dataFolderState(server.dataFolder)).toEqual(before);
});

it('a hello without TLS is answered with nothing but the end of the connection', async () => {
  const server = await startEnrolled();
  const socket = connectPlain(Number(new URL(server.address).port), '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  let answer = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    answer = Buffer.concat([answer, bytes]);
  });
  socket.on('error', () => {});
  socket.write('GET /genba HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await once(socket, 'close');
  // At most a TLS alert; never HTTP.
  expect(answer.toString('latin1')).not.toContain('HTTP');
  await enrols(server);
});
