import { describe, expect, it } from 'vitest';
import type { BaseRecord, Catalogue, ClientProgress } from './catalogue.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './retention-policy.ts';

const TASK = 'task';
const DAY_MS = 24 * 60 * 60 * 1000;

/** A time so many days after the beginning. */
function day(days: number): string {
  return new Date(Date.parse('2026-11-01T00:00:00.000Z') + days * DAY_MS).toISOString();
}

/** Drives a catalogue through versions and clients; digests are readable names. */
class Story {
  readonly catalogue: Catalogue;
  #version = 0;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
  }

  #state() {
    return { globalVersion: this.#version, vectors: { globalWeights: `g${this.#version}` }, scalars: {} };
  }

  async begin(taskId = TASK): Promise<void> {
    await this.catalogue.createTask({
      taskId,
      manifestDigest: 'm',
      settings: '{}',
      state: {
        globalVersion: 0,
        vectors: { globalWeights: taskId === TASK ? 'g0' : `${taskId}-g0` },
        scalars: {},
      },
      createdAt: day(0),
    });
  }

  /** The next version, made by a round that closes. @returns digests that may have lost their last reader */
  async advance(closedAt: string): Promise<readonly string[]> {
    this.#version++;
    const release = { keepsStartWeights: true, use: 'install' as const };
    const round = { taskId: TASK, state: this.#state(), release, closedAt };
    return (await this.catalogue.closeRound(round)).obsoleteDigests;
  }

  async issue(clientId: string, vectors: ClientProgress['vectors'], seenAt: string): Promise<BaseRecord> {
    await this.catalogue.seeClient({ taskId: TASK, clientId, plantName: clientId, seenAt });
    const base: BaseRecord = {
      baseId: `base of ${clientId}`,
      taskId: TASK,
      clientId,
      version: this.#version,
      weightsDigest: vectors.startWeights ?? `sent to ${clientId}`,
      use: 'install',
      updateId: null,
      staleness: null,
      mixingWeight: null,
      calibration: [],
      issuedAt: seenAt,
      installedAt: null,
    };
    const client = { isHeld: false, scalars: {}, vectors };
    await this.catalogue.issueBase({ base, client, state: this.#state() });
    return base;
  }

  async install({ baseId, clientId }: BaseRecord, installedAt: string): Promise<readonly string[] | null> {
    return this.catalogue.markInstalled({ baseId, clientId, installedAt });
  }

  async journal({ baseId, clientId }: BaseRecord, receivedAt: string): Promise<void> {
    await this.catalogue.journalUpdate({
      updateId: `update of ${clientId}`,
      taskId: TASK,
      clientId,
      baseId,
      rounds: 1,
      examples: 1,
      metrics: { loss: null, validationAccuracy: null },
      digest: `w of ${clientId}`,
      receivedAt,
    });
  }

  /** Which of the digests are still needed. */
  async needed(...digests: string[]): Promise<string[]> {
    const unreferenced = await this.catalogue.unreferenced(digests);
    return digests.filter((digest) => !unreferenced.includes(digest));
  }
}

/** How every catalogue keeps and lets go; `open` gives a new, empty one. */
export function describeRetention(name: string, open: (policy: RetentionPolicy) => Promise<Catalogue>): void {
  const begin = async (policy: Partial<RetentionPolicy> = {}) => {
    const story = new Story(await open({ ...DEFAULT_RETENTION, ...policy }));
    await story.begin();
    return story;
  };

  describe(`${name} as a keeper of the past`, () => {
    it('keeps as many versions as the policy says, the current one included', async () => {
      const story = await begin({ keepVersions: 3 });
      expect(await story.advance(day(1))).toEqual([expect.stringMatching('g0')]);
      await story.advance(day(2));
      expect(await story.needed('g0', 'g1', 'g2')).toEqual(['g0', 'g1', 'g2']);
      expect(await story.advance(day(3))).toContain('g0');
      expect(await story.needed('g0', 'g1', 'g2', 'g3')).toEqual(['g1', 'g2', 'g3']);
      expect(await story.catalogue.summarise(TASK)).toMatchObject({ keptVersions: 3 });
    });

    it('lets a version go so many days after the next one replaced it, with a version and with the timer', async () => {
      const story = await begin({ keepDays: 7 });
      // The current one for a month: its age counts from its end.
      await story.advance(day(30));
      await story.advance(day(31));
      expect(await story.needed('g0', 'g1')).toEqual(['g0', 'g1']);
      expect(await story.catalogue.retireVersions({ atTime: day(37) })).toEqual([]);
      expect(await story.catalogue.retireVersions({ atTime: day(37.5) })).toEqual(['g0']);
      expect(await story.needed('g0', 'g1', 'g2')).toEqual(['g1', 'g2']);
      await story.advance(day(60));
      expect(await story.needed('g1', 'g2', 'g3')).toEqual(['g2', 'g3']);
      // The current one stays, however old.
      expect(await story.catalogue.retireVersions({ atTime: day(1000) })).toEqual(['g2']);
      expect(await story.needed('g3')).toEqual(['g3']);
    });

    it('does not bring back what is gone when the policy keeps more', async () => {
      const story = await begin({ keepVersions: 1 });
      await story.advance(day(1));
      expect(await story.catalogue.retireVersions({ atTime: day(2) })).toEqual([]);
      expect(await story.needed('g0', 'g1')).toEqual(['g1']);
    });

    it('evicts the oldest versions of all tasks first, never a current one', async () => {
      const story = await begin();
      await story.begin('other');
      for (const at of [1, 2, 3]) await story.advance(day(at));
      const evict = (count: number) => story.catalogue.evictOldestVersions({ count, atTime: day(4) });
      expect(await evict(2)).toEqual(['g0', 'g1']);
      expect(await evict(5)).toEqual(['g2']);
      expect(await evict(1)).toEqual([]);
      expect(await story.needed('g0', 'g1', 'g2', 'g3', 'other-g0')).toEqual(['g3', 'other-g0']);
    });

    it('needs the file of a base until it is installed', async () => {
      const story = await begin();
      const base = await story.issue('osaka', {}, day(1));
      expect(await story.needed('sent to osaka')).toEqual(['sent to osaka']);
      expect(await story.install(base, day(2))).toEqual(['sent to osaka']);
      expect(await story.needed('sent to osaka')).toEqual([]);

      const kept = await story.issue('nagoya', { startWeights: 's' }, day(1));
      expect(await story.install(kept, day(2))).toEqual(['s']);
      expect(await story.needed('s')).toEqual(['s']);
    });

    it('evicts what clients need in the order in which they were last heard of', async () => {
      const story = await begin();
      const osaka = await story.issue('osaka', { startWeights: 's1' }, day(1));
      await story.issue('nagoya', { startWeights: 's2' }, day(2));
      await story.issue('sendai', { startWeights: 's3' }, day(3));
      // Connected long ago, but heard of since.
      await story.install(osaka, day(4));
      const evict = () => story.catalogue.evictFilesOfClients({ count: 1, atTime: day(5) });
      expect(await evict()).toEqual({ digests: ['s2'], clientIds: ['nagoya'] });
      expect(await evict()).toEqual({ digests: ['s3'], clientIds: ['sendai'] });
      expect(await evict()).toEqual({ digests: ['s1'], clientIds: ['osaka'] });
      expect(await evict()).toEqual({ digests: [], clientIds: [] });
      expect(await story.needed('s1', 's2', 's3')).toEqual([]);
      expect(await story.catalogue.summarise(TASK)).toMatchObject({ evictedClients: 3 });
      expect(await story.catalogue.findClient(TASK, 'osaka')).toMatchObject({
        evicted: ['startWeights'],
        vectors: {},
        base: { weightsDigest: 's1' },
      });
    });

    it('takes the last reader of a shared file as its age, and lets all of them go together', async () => {
      const story = await begin();
      await story.issue('osaka', { startWeights: 'shared' }, day(1));
      await story.issue('nagoya', { startWeights: 'alone' }, day(2));
      await story.issue('sendai', { startWeights: 'shared' }, day(3));
      const evict = () => story.catalogue.evictFilesOfClients({ count: 1, atTime: day(5) });
      expect(await evict()).toEqual({ digests: ['alone'], clientIds: ['nagoya'] });
      const { digests, clientIds } = await evict();
      expect([digests, [...clientIds].sort()]).toEqual([['shared'], ['osaka', 'sendai']]);
    });

    it('never evicts the state of a task, updates that wait, or what their merge needs', async () => {
      const story = await begin();
      const kept = { startWeights: 's1', averageAtBase: 'a1', lastDelta: 'd1' };
      const waiting = await story.issue('osaka', kept, day(1));
      await story.install(waiting, day(1));
      await story.journal(waiting, day(2));
      await story.issue('nagoya', { startWeights: 'g0', lastDelta: 'd2' }, day(1));
      await story.issue('sendai', { startWeights: 's3', averageAtBase: 'd2' }, day(1));
      const evicted = await story.catalogue.evictFilesOfClients({ count: 99, atTime: day(9) });
      expect(evicted).toEqual({ digests: ['s3'], clientIds: ['sendai'] });
      const all = ['s1', 'a1', 'd1', 'w of osaka', 'g0', 'd2'];
      expect(await story.needed(...all)).toEqual(all);
    });

    it('takes start weights back for the client that sent them, and for all that started from them', async () => {
      const story = await begin();
      const osaka = await story.issue('osaka', { startWeights: 's' }, day(1));
      await story.issue('nagoya', { startWeights: 's' }, day(1));
      await story.issue('sendai', { startWeights: 'other' }, day(1));
      await story.catalogue.evictFilesOfClients({ count: 9, atTime: day(2) });
      const { baseId } = osaka;
      expect(await story.catalogue.restoreStartWeights({ clientId: 'nagoya', baseId })).toBe(false);
      expect(await story.catalogue.restoreStartWeights({ clientId: 'osaka', baseId: 'none' })).toBe(false);
      expect(await story.needed('s')).toEqual([]);
      expect(await story.catalogue.restoreStartWeights({ clientId: 'osaka', baseId })).toBe(true);
      expect(await story.needed('s', 'other')).toEqual(['s']);
      expect(await story.catalogue.findClient(TASK, 'nagoya')).toMatchObject({
        evicted: [],
        vectors: { startWeights: 's' },
      });
    });

    it('forgets an eviction with the next weights a client is sent', async () => {
      const story = await begin();
      await story.issue('osaka', { startWeights: 's', averageAtBase: 'a' }, day(1));
      await story.catalogue.evictFilesOfClients({ count: 9, atTime: day(2) });
      const next = { startWeights: 's2', averageAtBase: 'a2' };
      await story.catalogue.issueBase({
        base: { ...(await story.catalogue.findBase('base of osaka'))!, baseId: 'next', weightsDigest: 's2' },
        client: { isHeld: false, scalars: {}, vectors: next },
        state: { globalVersion: 0, vectors: { globalWeights: 'g0' }, scalars: {} },
      });
      expect(await story.catalogue.findClient(TASK, 'osaka')).toMatchObject({ evicted: [], vectors: next });
      expect(await story.catalogue.summarise(TASK)).toMatchObject({ evictedClients: 0 });
    });

    it('lets go of damaged vectors of one client, not of its neighbour with the same', async () => {
      const story = await begin();
      await story.issue('osaka', { startWeights: 's', averageAtBase: 'a' }, day(1));
      await story.issue('nagoya', { startWeights: 's' }, day(1));
      const damage = { taskId: TASK, clientId: 'osaka', names: ['startWeights'], atTime: day(2) };
      expect(await story.catalogue.evictDamaged(damage)).toEqual(['s']);
      expect(await story.catalogue.evictDamaged(damage)).toEqual([]);
      expect(await story.catalogue.findClient(TASK, 'osaka')).toMatchObject({
        evicted: ['startWeights'],
        vectors: { averageAtBase: 'a' },
      });
      expect(await story.catalogue.findClient(TASK, 'nagoya')).toMatchObject({ evicted: [] });
    });
  });
}
