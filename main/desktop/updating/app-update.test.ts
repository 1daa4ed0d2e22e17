import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { updateReportSchema } from '@genba/shared/local-api/app-update';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AppUpdates, ASK_EVERY_MS, RETRY_MS, type SeenStatus } from './app-update.ts';
import type { Installation } from './installation.ts';
import type { Feed, OfferedVersion } from './update-engine.ts';
import { UpdateJournal } from './update-journal.ts';

const AGENT: LocalApiEndpoint = { pid: 4_711, address: 'http://127.0.0.1:4001', token: '5f'.repeat(32) };
const ONLINE = { identity: {}, network: { state: 'online' } } as unknown as SeenStatus;
const APP_IMAGE: Installation = { kind: 'appimage', program: '/現場/Genba.AppImage' };

let journal: UpdateJournal;
let nowMs: number;
let agent: LocalApiEndpoint | null;
let isAgentOurs: boolean;
let feeds: Feed[];
let offered: OfferedVersion | null;
let failure: Error | null;
/** Whether what is fetched never comes to its end. */
let isSlow: boolean;
/** Each state that a page was told of. */
let shown: string[];

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'genba 更新 '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  journal = new UpdateJournal(join(folder, 'updates.json'));
  nowMs = Date.parse('2026-11-26T09:00:00.000Z');
  agent = AGENT;
  isAgentOurs = true;
  feeds = [];
  offered = null;
  failure = null;
  isSlow = false;
  shown = [];
});

function open(installation: Installation = APP_IMAGE): AppUpdates {
  const updates = new AppUpdates({
    version: '0.1.0',
    installation,
    journal,
    engine: async () => ({
      find: async (feed) => {
        feeds.push(feed);
        if (failure !== null) throw failure;
        return offered;
      },
      fetch: async (progressed, signal) => {
        for (const share of [0.001, 0.5]) progressed(share);
        if (isSlow) await once(signal, 'abort');
        signal.throwIfAborted();
        for (const share of [0.505, 1]) progressed(share);
      },
      destination: (program) => program,
      install: () => undefined,
    }),
    find: async () => agent,
    isAgentOurs: () => isAgentOurs,
    changed: () => {
      const { update } = updateReportSchema.parse(updates.report());
      shown.push(update.state === 'fetching' ? `fetching ${update.share}` : update.state);
    },
    now: () => new Date(nowMs),
  });
  onTestFinished(() => updates.stop());
  return updates;
}

/** Lets what was begun go on to its end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('newer versions', () => {
  it('are asked for through the agent, fetched, and then wait for a person', async () => {
    offered = { version: '0.2.0', notes: '速くなりました' };
    const updates = open();
    expect(updates.report()).toEqual({ version: '0.1.0', update: { state: 'not-asked' }, wentBack: null });
    await updates.ask();
    expect(feeds).toEqual([{ url: 'http://127.0.0.1:4001/updates/', token: AGENT.token }]);
    expect(shown).toEqual(['asking', 'fetching 0', 'fetching 0.5', 'fetching 1', 'ready']);
    expect(updates.ready).toEqual({ version: '0.2.0' });
  });

  it('are fetched no further when a person does not want them now, and again at the next time', async () => {
    offered = { version: '0.2.0', notes: null };
    isSlow = true;
    const updates = open();
    updates.stopFetching();
    const asked = updates.ask();
    await settle();
    updates.stopFetching();
    await asked;
    expect(shown).toEqual(['asking', 'fetching 0', 'fetching 0.5', 'stopped']);
    expect(updates.ready).toBeNull();
    updates.seen(ONLINE);
    await settle();
    expect(feeds).toHaveLength(1);
    isSlow = false;
    nowMs += ASK_EVERY_MS;
    updates.seen(ONLINE);
    await settle();
    expect(updates.ready).toEqual({ version: '0.2.0' });
  });

  it('are asked for by themselves only with a connection, then every few hours', async () => {
    const updates = open();
    updates.seen({ ...ONLINE, network: { state: 'outside-plan' } } as SeenStatus);
    updates.seen({ ...ONLINE, network: { state: 'offline' } } as SeenStatus);
    updates.seen({ ...ONLINE, identity: null });
    await settle();
    expect(feeds).toHaveLength(0);
    expect(updates.report().update).toEqual({ state: 'not-enrolled' });
    updates.seen(ONLINE);
    updates.seen(ONLINE);
    await settle();
    expect(feeds).toHaveLength(1);
    nowMs += ASK_EVERY_MS - 1;
    updates.seen(ONLINE);
    await settle();
    expect(feeds).toHaveLength(1);
    nowMs += 1;
    updates.seen(ONLINE);
    await settle();
    expect(feeds).toHaveLength(2);
    updates.stop();
    nowMs += ASK_EVERY_MS;
    updates.seen(ONLINE);
    await settle();
    expect(feeds).toHaveLength(2);
  });

  it('are asked for again soon after a failure, which is told with its code', async () => {
    const updates = open();
    failure = new Error('502 updates/busy');
    updates.seen(ONLINE);
    await settle();
    expect(updates.report().update).toMatchObject({ state: 'failed', problem: 'updates/busy' });
    nowMs += RETRY_MS;
    failure = null;
    updates.seen(ONLINE);
    await settle();
    expect(updates.report().update).toMatchObject({ state: 'current' });
  });

  it('that are ready stay so while it is asked for newer ones, and go where they are withdrawn', async () => {
    offered = { version: '0.2.0', notes: null };
    const updates = open();
    await updates.ask();
    shown = [];
    await updates.ask();
    expect(shown).toEqual([]);
    failure = new Error('502 updates/busy');
    await updates.ask();
    expect(updates.ready).toEqual({ version: '0.2.0' });
    failure = null;
    offered = { version: '0.3.0', notes: null };
    await updates.ask();
    expect(updates.ready).toEqual({ version: '0.3.0' });
    offered = null;
    await updates.ask();
    expect(updates.ready).toBeNull();
    expect(updates.report().update.state).toBe('current');
  });

  it('cannot be asked for without an agent, and are IT’s where the agent is another account’s', async () => {
    agent = null;
    const updates = open();
    await updates.ask();
    expect(updates.report().update).toMatchObject({ state: 'failed', problem: 'updates/unreachable' });
    agent = AGENT;
    isAgentOurs = false;
    await updates.ask();
    expect(updates.report().update).toEqual({ state: 'kept-by-it', reason: 'service' });
    expect(feeds).toEqual([]);
  });

  it('are nobody’s business where IT installs them', async () => {
    const updates = open({ kind: 'kept-by-it', reason: 'package' });
    updates.seen(ONLINE);
    await updates.ask();
    expect(feeds).toEqual([]);
    expect(updates.report().update).toEqual({ state: 'kept-by-it', reason: 'package' });
  });

  it('that were not installed are told as a problem; and what came of one before, until a person knows', async () => {
    const updates = open();
    updates.beginInstall('0.2.0');
    await updates.ask();
    expect(updates.report().update).toEqual({ state: 'installing', version: '0.2.0' });
    updates.failInstall(new Error('EACCES'));
    expect(updates.report().update).toMatchObject({ state: 'failed' });
    const wentBack = { from: '0.2.0', to: '0.1.0', at: '2026-11-26T08:00:00.000Z' };
    journal.write({ wentBack });
    expect(updates.report().wentBack).toEqual(wentBack);
    updates.acknowledge();
    expect(updates.report().wentBack).toBeNull();
  });
});
