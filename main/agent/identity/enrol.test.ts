import { createServer } from 'node:net';
import path from 'node:path';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import { parseTask } from '@genba/shared/model/task';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../agent.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { type Authority, fingerprintOf, issue, makeAuthority } from '../testing/certificates.ts';
import { startFlippingProxy } from '../testing/flipping-proxy.ts';
import { invite } from '../testing/invite.ts';
import { type Cut, TEST_TASK, TestAggregator } from '../testing/test-aggregator.ts';
import type { EnrolStep } from './enrol.ts';

const log = pino({ level: 'silent' });
const CODE = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

let authority: Authority;
let aggregator: TestAggregator;
let dataFolder: string;

async function startAggregator(...given: Parameters<typeof TestAggregator.start>): Promise<TestAggregator> {
  const started = await TestAggregator.start(...given);
  onTestFinished(() => started.close());
  return started;
}

beforeEach(async () => {
  authority = makeAuthority('Genba 集約サーバー');
  aggregator = await startAggregator(issue([authority]));
  dataFolder = path.join(temporaryFolder().root, '検査 ライン 2');
});

/** Enrols as `genba-agent enrol` does while no agent runs; gives the status afterwards. */
async function enrol(link: string, onStep: (step: EnrolStep) => void = () => undefined) {
  const agent = new Agent({ dataFolder, appVersion: '0.0.0', log, settings: {} });
  try {
    await agent.enrol(link, onStep);
    return agent.status();
  } finally {
    await agent.stop();
  }
}

async function refusal(link: string): Promise<ErrorCode> {
  const thrown = await enrol(link).then(
    () => null,
    (error: { code: ErrorCode }) => error,
  );
  return thrown!.code;
}

describe('an enrolment', () => {
  it('tells its steps, and takes over what the invitation says', async () => {
    const steps: EnrolStep[] = [];
    const status = await enrol(invite(aggregator, authority), (step) => steps.push(step));
    expect(steps).toEqual([
      { step: 'invited', plantName: '仙台 第一工場', taskId: 'digits' },
      { step: 'connecting', server: aggregator.address },
      { step: 'recognised', server: aggregator.address },
    ]);
    expect(status).toMatchObject({
      plantName: '仙台 第一工場',
      security: 'enrolled',
      network: { server: aggregator.address },
      identity: {
        taskId: 'digits',
        plantName: '仙台 第一工場',
        servers: [aggregator.address],
        certificate: fingerprintOf(authority),
        keyId: aggregator.devices[0]!.keyId,
        nextKeyId: null,
      },
    });
    expect(aggregator.devices[0]!.clientId).toBe(status.clientId);
  });

  it('takes the first address that answers with the certificate', async () => {
    const closed = await closedPort();
    const stranger = await startAggregator(issue([makeAuthority('somebody else')]));
    const servers = [`wss://127.0.0.1:${closed}`, stranger.address, aggregator.address];
    const status = await enrol(invite(aggregator, authority, { servers }));
    expect(status.identity?.servers).toEqual(servers);
    expect(stranger.heard).toEqual([]);
  });

  it('trusts any certificate of the chain that the invitation names, also one that another has signed', async () => {
    const root = makeAuthority('root of the company');
    const plantRoot = makeAuthority('plant', root);
    const other = await startAggregator(issue([plantRoot, root]));
    await enrol(invite(other, plantRoot));
    expect(other.devices).toHaveLength(1);
  });

  it('said again changes nothing, also when the invitation is over', async () => {
    const link = invite(aggregator, authority);
    const before = (await enrol(link)).identity;
    const steps: string[] = [];
    const after = await enrol(link, ({ step }) => steps.push(step));
    expect(after.identity).toEqual(before);
    expect(steps).toEqual(['invited', 'done-before']);
  });

  it('takes what was damaged after the handshake for the network: the same invitation may be used again', async () => {
    const link = await startFlippingProxy(aggregator.port, { after: 'handshake', connections: 10 });
    const servers = [`wss://127.0.0.1:${link.port}`];
    expect(await refusal(invite(aggregator, authority, { servers }))).toBe('enrolment/unreachable');
    expect(link.damaged).toBeGreaterThan(0);
  });

  it.each<Cut>(['hello', 'enrol', 'enrolled'])('cut at %s works when it is run again', async (cut) => {
    const link = invite(aggregator, authority);
    aggregator.cut = cut;
    expect(await refusal(link)).toBe('enrolment/unreachable');
    const { identity: own } = await enrol(link);
    expect(own?.keyId).toBe(aggregator.devices[0]!.keyId);
    expect(aggregator.devices).toHaveLength(1);
  });

  it('cut before its welcome works also after the time of the invitation', async () => {
    const link = invite(aggregator, authority);
    aggregator.cut = 'enrolled';
    expect(await refusal(link)).toBe('enrolment/unreachable');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect((await enrol(link)).identity?.keyId).toBe(aggregator.devices[0]!.keyId);
  });

  it('goes on with the key of an attempt that was cut when another invitation comes', async () => {
    aggregator.cut = 'enrolled';
    expect(await refusal(invite(aggregator, authority))).toBe('enrolment/unreachable');
    await enrol(invite(aggregator, authority));
    expect(aggregator.devices).toHaveLength(1);
  });

  it('makes a new key when the aggregator has locked out the one of an attempt that was cut', async () => {
    aggregator.cut = 'enrolled';
    expect(await refusal(invite(aggregator, authority))).toBe('enrolment/unreachable');
    aggregator.revoke(aggregator.devices[0]!.clientId);
    const { identity: own } = await enrol(invite(aggregator, authority));
    expect(own?.keyId).toBe(aggregator.devices[1]!.keyId);
  });

  it('after a revocation works with another invitation, and with another key', async () => {
    const first = await enrol(invite(aggregator, authority));
    aggregator.revoke(first.clientId);
    const second = await enrol(invite(aggregator, authority));
    expect(second.clientId).toBe(first.clientId);
    expect(second.identity?.keyId).not.toBe(first.identity?.keyId);
  });
});

describe('an enrolment is refused', () => {
  it('where somebody in the middle shows another certificate, before a word is said', async () => {
    const middle = await startAggregator(issue([makeAuthority('Genba 集約サーバー')]));
    const link = invite(aggregator, authority, { servers: [middle.address] });
    expect(await refusal(link)).toBe('tls/other-certificate');
    expect(middle.heard).toEqual([]);
    expect(ERROR_CATALOGUE['tls/other-certificate'].en).toMatch(/TLS inspection/);
  });

  it('where somebody shows our certificate beside a chain of his own', async () => {
    const own = issue([makeAuthority('somebody else')]);
    const ours = issue([authority]).cert.split('-----BEGIN').at(-1)!;
    const middle = await startAggregator({ ...own, cert: `${own.cert}-----BEGIN${ours}` });
    const link = invite(aggregator, authority, { servers: [middle.address] });
    expect(await refusal(link)).toMatch(/^tls\/(other-certificate|untrusted)$/);
    expect(middle.heard).toEqual([]);
  });

  it.each<[string, Parameters<typeof issue>[1], ErrorCode]>([
    ['for another host', { names: ['genba.example'] }, 'tls/wrong-name'],
    ['that is over', { until: new Date(Date.now() - 1000) }, 'tls/expired'],
    ['that is still to come', { from: new Date(Date.now() + 3_600_000) }, 'tls/not-yet-valid'],
  ])('by a certificate %s', async (_, choices, code) => {
    const other = await startAggregator(issue([authority], choices));
    expect(await refusal(invite(other, authority))).toBe(code);
    expect(other.heard).toEqual([]);
  });

  it('without TLS 1.3', async () => {
    const old = await startAggregator(issue([authority]), { maxVersion: 'TLSv1.2' });
    expect(await refusal(invite(old, authority))).toBe('tls/failed');
  });

  it('where no TLS is spoken', async () => {
    const plain = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 no\r\n\r\n'),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      plain.close();
    });
    const { port } = plain.address() as { port: number };
    const link = invite(aggregator, authority, { servers: [`wss://127.0.0.1:${port}`] });
    expect(await refusal(link)).toBe('tls/failed');
  });

  it('where nobody answers', async () => {
    const servers = [`wss://127.0.0.1:${await closedPort()}`];
    expect(await refusal(invite(aggregator, authority, { servers }))).toBe('enrolment/unreachable');
  });

  it('where anybody would be let in', async () => {
    aggregator.isAsking = false;
    expect(await refusal(invite(aggregator, authority))).toBe('tls/required');
    aggregator.isAsking = true;
    aggregator.security = 'open-loopback';
    expect(await refusal(invite(aggregator, authority))).toBe('tls/required');
  });

  it('by an invitation that is over, broken or unknown', async () => {
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    expect(await refusal(invite(aggregator, authority, { expiresAt }))).toBe('invitation/expired');
    expect(await refusal(invite(aggregator, authority).slice(0, -30))).toBe('invitation/broken');
    const link = invite(aggregator, authority, { code: CODE });
    aggregator.codes.delete(CODE);
    expect(await refusal(link)).toBe('identity/code-unknown');
    aggregator.codes.set(CODE, 'f'.repeat(64));
    expect(await refusal(link)).toBe('identity/code-spent');
  });

  it('on a data folder that holds the work of another task, or of another model', async () => {
    const database = openAgentDatabase(dataFolder);
    const client = new ClientStore(database);
    client.saveTask(parseTask({ ...TEST_TASK, id: 'scratches' }));
    database.close();
    expect(await refusal(invite(aggregator, authority))).toBe('enrolment/other-task');
    expect(aggregator.heard).toEqual([]);

    aggregator.task = parseTask({
      ...TEST_TASK,
      id: 'scratches',
      model: { template: 'mlp', hiddenUnits: [3] },
    });
    expect(await refusal(invite(aggregator, authority))).toBe('task/changed');
    expect(await statusOf()).toMatchObject({ identity: null, security: null });
  });
});

async function statusOf() {
  const agent = new Agent({ dataFolder, appVersion: '0.0.0', log, settings: {} });
  const status = agent.status();
  await agent.stop();
  return status;
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
