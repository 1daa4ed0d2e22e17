import type { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { DeviceIdentity } from '../identity/device-identity.ts';
import { DeviceStore } from '../identity/device-store.ts';
import { FileKeyStore } from '../identity/key-store.ts';
import { dialDirect } from '../network/dial.ts';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { Ledger } from '../store/ledger.ts';
import { Outbox } from '../store/outbox.ts';
import { SettingsStore } from '../store/settings.ts';
import { type Authority, issue, makeAuthority } from '../testing/certificates.ts';
import { startFlippingProxy } from '../testing/flipping-proxy.ts';
import { invite } from '../testing/invite.ts';
import { type Cut, TestAggregator } from '../testing/test-aggregator.ts';
import { SyncClient, type SyncTargets } from './sync-client.ts';
import { encryptedTarget } from './target.ts';

const log = pino({ level: 'silent' });

let authority: Authority;
let aggregator: TestAggregator;
let dataFolder: string;
let database: AgentDatabase;
let device: DeviceStore;
let identity: DeviceIdentity;
let keys: FileKeyStore;
let refusals: ErrorCode[];

async function startAggregator(...given: Parameters<typeof TestAggregator.start>): Promise<TestAggregator> {
  const started = await TestAggregator.start(...given);
  onTestFinished(() => started.close());
  return started;
}

function openIdentity(): void {
  keys = new FileKeyStore(dataFolder);
  device = new DeviceStore(database, keys);
  identity = new DeviceIdentity({
    device,
    client: new ClientStore(database),
    settings: new SettingsStore(database, 'host'),
    appVersion: '0.0.0',
    dial: dialDirect,
    log,
  });
}

beforeEach(async () => {
  authority = makeAuthority('CA');
  aggregator = await startAggregator(issue([authority]));
  dataFolder = temporaryFolder().root;
  database = openAgentDatabase(dataFolder);
  onTestFinished(() => {
    database.close();
  });
  openIdentity();
  refusals = [];
});

const enrol = () => identity.enrol(invite(aggregator, authority), () => undefined);

/** Begins to sync as the agent does. */
function sync(where: SyncTargets = identity.syncTargets()!): SyncClient {
  const client = new SyncClient({
    where,
    dial: dialDirect,
    log,
    context: {
      device,
      client: new ClientStore(database),
      outbox: new Outbox(database),
      ledger: new Ledger(database),
      dataFolder,
      appVersion: '0.0.0',
      plantName: () => '仙台',
      taskId: () => 'digits',
      onServerTime: (serverTime) => identity.compareClocks(serverTime),
      onWelcome: () => undefined,
      onChange: () => undefined,
      onReceipt: () => undefined,
      onNotice: () => undefined,
      onInstalled: () => undefined,
      onSharedModel: () => undefined,
      onRefusal: (error: AppError) => refusals.push(error.code),
    },
  });
  onTestFinished(() => client.stop());
  client.start();
  return client;
}

const isOnline = (client: SyncClient) => expect.poll(() => client.state, { timeout: 10_000 }).toBe('online');
const isRefused = (code: ErrorCode) => expect.poll(() => refusals, { timeout: 10_000 }).toContain(code);

/** The one target, with something about it changed. */
const to = (address: string): SyncTargets => ({
  targets: [encryptedTarget(address, device.enrolment()!.anchor)],
  enrolledTask: 'digits',
});

describe('an enrolled device', () => {
  it('connects over TLS with its key, again after a restart', async () => {
    await enrol();
    const first = sync();
    await isOnline(first);
    first.stop();
    openIdentity();
    await isOnline(sync());
    expect(refusals).toEqual([]);
    expect(aggregator.heard.filter(({ type }) => type === 'proof')).toHaveLength(2);
  });

  it('tries one address after the other', async () => {
    await enrol();
    const gone = await startAggregator(issue([authority]));
    const [good] = identity.syncTargets()!.targets;
    const client = sync({
      targets: [encryptedTarget(gone.address, good.anchor!), good],
      enrolledTask: 'digits',
    });
    await gone.close();
    await isOnline(client);
    expect(client.address).toBe(good.address);
  });

  it('is cut off when it is locked out, and says so', async () => {
    await enrol();
    const client = sync();
    await isOnline(client);
    aggregator.revoke(aggregator.devices[0]!.clientId);
    await isRefused('identity/revoked');
    await expect.poll(() => client.state).toBe('offline');
  });

  it.each<[string, () => void, ErrorCode]>([
    ['whose key is not known', () => aggregator.devices.splice(0), 'identity/unknown-key'],
    ['that was locked out', () => aggregator.revoke(aggregator.devices[0]!.clientId), 'identity/revoked'],
    ['whose key is lost', () => keys.remove(aggregator.devices[0]!.keyId), 'identity/key-lost'],
    [
      'that nobody asks for its key',
      () => {
        aggregator.isAsking = false;
      },
      'tls/required',
    ],
    [
      'that is told that nothing is protected',
      () => {
        aggregator.security = 'open-loopback';
      },
      'tls/required',
    ],
  ])('%s learns so', async (_, harm, code) => {
    await enrol();
    harm();
    const client = sync();
    await isRefused(code);
    expect(client.state).not.toBe('online');
  });

  it.each<[string, Parameters<typeof issue>, ErrorCode]>([
    ['from somebody else', [[makeAuthority('CA')]], 'tls/untrusted'],
    ['from somebody else by another name', [[makeAuthority('inspection')]], 'tls/untrusted'],
  ])('does not talk to who shows a certificate %s', async (_, given, code) => {
    await enrol();
    const middle = await startAggregator(issue(...given));
    sync(to(middle.address));
    await isRefused(code);
    expect(middle.heard).toEqual([]);
  });

  it.each<[string, Parameters<typeof issue>[1], ErrorCode]>([
    ['for another host', { names: ['genba.example'] }, 'tls/wrong-name'],
    ['that is over', { until: new Date(Date.now() - 1000) }, 'tls/expired'],
    ['that is still to come', { from: new Date(Date.now() + 3_600_000) }, 'tls/not-yet-valid'],
  ])('does not talk to its aggregator by a certificate %s', async (_, choices, code) => {
    await enrol();
    const other = await startAggregator(issue([authority], choices));
    sync(to(other.address));
    await isRefused(code);
    expect(other.heard).toEqual([]);
  });

  it('takes a network that is down for no problem', async () => {
    await enrol();
    await aggregator.close();
    const client = sync();
    await expect.poll(() => client.state).toBe('offline');
    expect(refusals).toEqual([]);
  });

  it('takes a record that was damaged after the handshake for the network, and soon tries again', async () => {
    await enrol();
    const link = await startFlippingProxy(aggregator.port, { after: 'handshake', connections: 2 });
    const client = sync(to(`wss://127.0.0.1:${link.port}`));
    // Long before the wait after a refusal is over.
    await isOnline(client);
    expect(link.damaged).toBe(2);
    expect(refusals).toEqual([]);
  });

  it('says so when the handshake itself does not come through whole', async () => {
    await enrol();
    const link = await startFlippingProxy(aggregator.port, { after: 'client-hello', connections: 1 });
    sync(to(`wss://127.0.0.1:${link.port}`));
    await isRefused('tls/failed');
  });

  it('signs for one connection only: words passed on to another are worth nothing there', async () => {
    await enrol();
    const client = sync();
    await isOnline(client);
    const proof = aggregator.heard.find(({ type }) => type === 'proof')!;
    const other = await startAggregator(issue([authority]));
    sync(to(other.address));
    await expect.poll(() => other.heard.find(({ type }) => type === 'proof')).toBeDefined();
    const second = other.heard.find(({ type }) => type === 'proof')!;
    expect(second).not.toMatchObject({ channel: (proof as { channel: string }).channel });
  });

  it('notices when its clock is off, and when it is right again', async () => {
    await enrol();
    expect(identity.clockProblem).toBeNull();
    aggregator.now = () => new Date(Date.now() - 7 * 60_000);
    const first = sync();
    await isOnline(first);
    expect(identity.clockProblem).toMatchObject({
      code: 'clock/wrong',
      detail: '7 min ahead of the aggregator',
    });
    first.stop();
    aggregator.now = () => new Date(Date.now() + 4 * 60_000);
    await isOnline(sync());
    expect(identity.clockProblem).toBeNull();
  });
});

describe('a device that has not enrolled', () => {
  it('learns that it has to', async () => {
    await enrol();
    const { targets } = identity.syncTargets()!;
    sync({ targets, enrolledTask: null });
    await isRefused('identity/not-enrolled');
  });
});

describe('a key', () => {
  const current = () => aggregator.devices[0]!.keyId;
  const isReplaced = (before: string) =>
    expect
      .poll(() => current() !== before && keys.keyIds().join() === current(), { timeout: 10_000 })
      .toBe(true);

  it('is replaced on an open connection, and the old one is erased', async () => {
    await enrol();
    const before = current();
    const client = sync();
    await isOnline(client);
    identity.rotateKey();
    client.announceKey();
    await isReplaced(before);
    await isOnline(client);
    expect(identity.status()).toMatchObject({ keyId: current(), nextKeyId: null });
    expect(refusals).toEqual([]);
  });

  it('is replaced at the next contact when there was none', async () => {
    await enrol();
    const before = current();
    identity.rotateKey();
    expect(identity.status()?.nextKeyId).not.toBeNull();
    await isOnline(sync());
    await isReplaced(before);
  });

  it.each<Cut>(['rotate', 'rotated', 'proof', 'proven'])(
    'is replaced also when the line is cut at %s and the agent starts anew',
    async (cut) => {
      await enrol();
      const before = current();
      const first = sync();
      await isOnline(first);
      aggregator.cut = cut;
      identity.rotateKey();
      first.announceKey();
      await expect.poll(() => aggregator.cut).toBeNull();
      first.stop();
      openIdentity();
      await isOnline(sync());
      await isReplaced(before);
      expect(refusals).toEqual([]);
    },
  );

  it('stays when the aggregator, restored from a backup, has forgotten the new one, and is replaced anew', async () => {
    await enrol();
    const before = current();
    identity.rotateKey();
    device.markAccepted(device.keyToAnnounce()!.keyId);
    await isOnline(sync());
    await isReplaced(before);
    expect(refusals).toEqual([]);
  });

  it('is replaced by itself when it has come to its age', async () => {
    await enrol();
    const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
    const age = (count: number) => database.prepare('UPDATE device_key SET created_at = ?').run(days(count));
    age(179);
    identity.rotateOldKey();
    expect(identity.status()?.nextKeyId).toBeNull();
    age(181);
    identity.rotateOldKey();
    const next = identity.status()?.nextKeyId;
    expect(next).toMatch(/^[0-9a-f]{64}$/);
    identity.rotateOldKey();
    expect(identity.status()?.nextKeyId).toBe(next);
    new SettingsStore(database, 'host').write({ keyRotationDays: 365 });
    device.dropNextKey();
    identity.rotateOldKey();
    expect(identity.status()?.nextKeyId).toBeNull();
  });
});
