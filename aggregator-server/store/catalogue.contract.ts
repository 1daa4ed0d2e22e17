import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  Application,
  BaseRecord,
  Catalogue,
  ClientProgress,
  NewUpdate,
  TaskState,
} from './catalogue.ts';

const TIME = '2026-11-23T06:00:00.000Z';
const TASK = 'task';

/** Digests by a readable letter. */
function digest(letter: string): string {
  return letter.repeat(64);
}

function base(baseId: string, changes: Partial<BaseRecord> = {}): BaseRecord {
  return {
    baseId,
    taskId: TASK,
    clientId: 'osaka',
    version: 0,
    weightsDigest: digest('0'),
    use: 'install',
    updateId: null,
    staleness: null,
    mixingWeight: null,
    calibration: [],
    issuedAt: TIME,
    installedAt: null,
    ...changes,
  };
}

function update(updateId: string, changes: Partial<NewUpdate> = {}): NewUpdate {
  return {
    updateId,
    taskId: TASK,
    clientId: 'osaka',
    baseId: 'first',
    rounds: 2,
    examples: 30,
    metrics: { loss: null, validationAccuracy: 0.5 },
    digest: digest('d'),
    receivedAt: TIME,
    ...changes,
  };
}

const REPLY = base('reply', {
  version: 1,
  weightsDigest: digest('b'),
  updateId: 'u1',
  staleness: 0,
  mixingWeight: 0.6,
  calibration: [{ group: 'logits', coefficient: -0.25 }],
});
const START: TaskState = {
  globalVersion: 0,
  vectors: { globalWeights: digest('0'), relayWeights: digest('0') },
  scalars: {},
};
const STATE: TaskState = {
  globalVersion: 1,
  vectors: { globalWeights: digest('a'), relayWeights: digest('b') },
  scalars: { passes: 0.5 },
};
const STARTED: ClientProgress = { isHeld: false, scalars: {}, vectors: { startWeights: digest('0') } };
const APPLICATION: Application = {
  updateId: 'u1',
  state: STATE,
  client: { isHeld: false, scalars: { passesAtReport: 0.5 }, vectors: { startWeights: digest('b') } },
  reply: REPLY,
  figures: {
    staleness: 0,
    mixingWeight: 0.6,
    calibration: [{ group: 'logits', coefficient: -0.25 }],
    effect: 'merged',
  },
  release: null,
  norms: null,
  appliedAt: TIME,
};
/** What a round leaves behind that one more report does not close. */
const HELD: Application = {
  ...APPLICATION,
  state: { ...START, scalars: { reports: 1 } },
  client: { isHeld: true, scalars: {}, vectors: {} },
  reply: null,
  figures: { staleness: 0, mixingWeight: null, calibration: [], effect: 'buffered' },
};

/** What every catalogue must do; `open` gives a new, empty one. */
export function describeCatalogue(name: string, open: () => Promise<Catalogue>): void {
  describe(`${name} as a catalogue`, () => {
    let catalogue: Catalogue;

    beforeEach(async () => {
      catalogue = await open();
      await catalogue.createTask({
        taskId: TASK,
        manifestDigest: digest('m'),
        settings: '{}',
        state: START,
        createdAt: TIME,
      });
      await catalogue.seeClient({ taskId: TASK, clientId: 'osaka', plantName: '大阪', seenAt: TIME });
      await catalogue.issueBase({ base: base('first'), client: STARTED, state: START });
    });

    afterEach(() => catalogue.close());

    it('finds a task by its manifest, and refuses another one', async () => {
      expect(await catalogue.findTask('other', digest('m'))).toBeNull();
      expect(await catalogue.findTask(TASK, digest('m'))).toEqual({ state: START, settings: '{}' });
      await expect(catalogue.findTask(TASK, digest('n'))).rejects.toMatchObject({ code: 'task/changed' });
    });

    it('journals an update once, on the client’s current base only', async () => {
      const journaled = await catalogue.journalUpdate(update('u1'));
      expect(journaled).toEqual({ ...update('u1'), sequence: 1, state: 'received', releasedAt: null });
      expect(await catalogue.journalUpdate(update('u1', { receivedAt: 'later' }))).toEqual(journaled);
      const offer = { taskId: TASK, clientId: journaled.clientId, baseId: 'first' };
      const client = await catalogue.findClient(TASK, journaled.clientId);
      expect(await catalogue.findOffered({ ...offer, updateId: 'u1' })).toEqual({
        known: journaled,
        client,
        isBaseSpent: true,
      });
      const stranger = { updateId: 'u2', taskId: TASK, clientId: 'nobody', baseId: 'none' };
      expect(await catalogue.findOffered(stranger)).toEqual({
        known: null,
        client: null,
        isBaseSpent: false,
      });
      for (const [wrong, code] of [
        [update('u1', { digest: digest('e') }), 'update/id-conflict'],
        [update('u1', { clientId: 'nagoya' }), 'update/id-conflict'],
        [update('u2'), 'update/unknown-base'],
        [update('u2', { baseId: 'none' }), 'update/unknown-base'],
        [update('u2', { clientId: 'nagoya' }), 'update/unknown-base'],
      ] as const) {
        await expect(catalogue.journalUpdate(wrong)).rejects.toMatchObject({ code });
      }
      expect(await catalogue.pendingUpdates(TASK)).toEqual([journaled]);
    });

    it('applies an update and its consequences together, once', async () => {
      await catalogue.journalUpdate(update('u1'));
      const { obsoleteDigests, releasedClients } = await catalogue.applyUpdate(APPLICATION);
      expect([...obsoleteDigests].sort()).toEqual([digest('0'), digest('d')]);
      expect(releasedClients).toEqual([]);
      expect(await catalogue.unreferenced(obsoleteDigests)).toEqual([digest('d')]);
      expect((await catalogue.findTask(TASK, digest('m')))?.state).toEqual(STATE);
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({
        ...APPLICATION.client,
        plantName: '大阪',
        base: REPLY,
      });
      expect(await catalogue.findUpdate('u1')).toMatchObject({ state: 'applied' });
      expect(await catalogue.pendingUpdates(TASK)).toEqual([]);
      await expect(catalogue.applyUpdate(APPLICATION)).rejects.toThrow('cannot be applied');
      expect((await catalogue.findTask(TASK, digest('m')))?.state).toEqual(STATE);
    });

    it('applies nothing to a base the client no longer has', async () => {
      await catalogue.journalUpdate(update('u1'));
      await catalogue.issueBase({ base: base('fresh'), client: STARTED, state: START });
      await expect(catalogue.applyUpdate(APPLICATION)).rejects.toThrow('cannot be applied');
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({ base: { baseId: 'fresh' } });
      expect((await catalogue.findTask(TASK, digest('m')))?.state).toEqual(START);
      expect(await catalogue.findUpdate('u1')).toMatchObject({ state: 'received' });
    });

    it('holds a client without an answer, and answers all of them when the round closes', async () => {
      await catalogue.seeClient({ taskId: TASK, clientId: 'nagoya', plantName: '名古屋', seenAt: TIME });
      const other = base('other', { clientId: 'nagoya' });
      await catalogue.issueBase({ base: other, client: STARTED, state: START });
      await catalogue.journalUpdate(update('u1'));
      await catalogue.applyUpdate(HELD);
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({
        isHeld: true,
        vectors: { startWeights: digest('0') },
        base: { baseId: 'first' },
      });
      expect((await catalogue.findTask(TASK, digest('m')))?.state).toEqual(HELD.state);

      const release = { keepsStartWeights: true, use: 'install' } as const;
      const closed = await catalogue.closeRound({ taskId: TASK, state: STATE, release, closedAt: TIME });
      expect(closed).toMatchObject({ releasedClients: ['osaka'] });
      const osaka = await catalogue.findClient(TASK, 'osaka');
      expect(osaka).toMatchObject({ isHeld: false, vectors: { startWeights: digest('a') } });
      const { baseId, ...answer } = osaka!.base!;
      expect(baseId).toMatch(/^[0-9a-f-]{36}$/);
      const expected = base('any', { version: 1, weightsDigest: digest('a'), updateId: 'u1', staleness: 0 });
      expect({ ...answer, baseId: 'any' }).toEqual(expected);
      // Who has not reported keeps its weights.
      expect(await catalogue.findClient(TASK, 'nagoya')).toMatchObject({ base: { baseId: 'other' } });
    });

    it('releases the others together with the update that closes the round', async () => {
      await catalogue.seeClient({ taskId: TASK, clientId: 'nagoya', plantName: '名古屋', seenAt: TIME });
      const other = base('other', { clientId: 'nagoya' });
      await catalogue.issueBase({ base: other, client: STARTED, state: START });
      await catalogue.journalUpdate(update('u1'));
      await catalogue.applyUpdate(HELD);
      await catalogue.journalUpdate(update('u2', { clientId: 'nagoya', baseId: 'other' }));
      const reply = base('reply', {
        clientId: 'nagoya',
        version: 1,
        weightsDigest: digest('a'),
        updateId: 'u2',
      });
      const last = {
        ...APPLICATION,
        updateId: 'u2',
        reply,
        release: { keepsStartWeights: false, use: 'install' as const },
      };
      expect(await catalogue.applyUpdate(last)).toMatchObject({ releasedClients: ['osaka'] });
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({
        isHeld: false,
        vectors: { startWeights: digest('0') },
        base: { updateId: 'u1', version: 1 },
      });
      expect(await catalogue.findClient(TASK, 'nagoya')).toMatchObject({ base: { baseId: 'reply' } });
    });

    it('sets an update aside and sends its client other weights', async () => {
      await catalogue.journalUpdate(update('u1'));
      const issue = { base: base('instead', { updateId: 'u1' }), client: STARTED };
      const refusal = { updateId: 'u1', code: 'update/not-finite', state: START, issue } as const;
      await catalogue.setAside(refusal);
      expect(await catalogue.findUpdate('u1')).toMatchObject({ state: 'refused' });
      expect(await catalogue.pendingUpdates(TASK)).toEqual([]);
      expect(await catalogue.summarise(TASK)).toMatchObject({ received: 1, applied: 0, setAside: 1 });
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({ base: { baseId: 'instead' } });
      await expect(catalogue.setAside(refusal)).rejects.toThrow('cannot be applied');
    });

    it('keeps other settings, and forgets what the strategy does not know', async () => {
      const settings = '{"mixingWeight":0.1}';
      const kept = { taskVectors: ['globalWeights'], clientVectors: [] };
      expect(await catalogue.changeSettings({ taskId: TASK, settings, ...kept })).toEqual([
        digest('0'),
        digest('0'),
      ]);
      expect(await catalogue.findTask(TASK, digest('m'))).toEqual({
        settings,
        state: { ...START, vectors: { globalWeights: digest('0') } },
      });
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({ vectors: {} });
    });

    it('changes the strategy for the task and all its clients together', async () => {
      await catalogue.journalUpdate(update('u1'));
      await catalogue.applyUpdate(APPLICATION);
      await catalogue.seeClient({ taskId: TASK, clientId: 'nagoya', plantName: '名古屋', seenAt: TIME });
      expect(await catalogue.countClients(TASK)).toBe(1);
      const state = {
        globalVersion: 1,
        vectors: { globalWeights: digest('a'), bufferedDelta: digest('z') },
        scalars: { buffered: 0 },
      };
      const client = { isHeld: false, scalars: {}, vectors: {} };
      const release = { keepsStartWeights: true, use: 'install-as-reference' } as const;
      const change = { taskId: TASK, settings: '{}', state, client, release, changedAt: TIME };
      const { releasedClients } = await catalogue.changeStrategy(change);
      expect(releasedClients).toEqual(['osaka']);
      expect(await catalogue.findTask(TASK, digest('m'))).toEqual({ state, settings: '{}' });
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({
        scalars: {},
        vectors: { startWeights: digest('a') },
        // Its answer to u1 was not installed yet: these weights answer it now.
        base: { version: 1, weightsDigest: digest('a'), use: 'install-as-reference', updateId: 'u1' },
      });
      expect(await catalogue.findClient(TASK, 'nagoya')).toMatchObject({ base: null, vectors: {} });
    });

    it('marks the current base installed, and no other', async () => {
      const installedAt = TIME;
      expect(await catalogue.markInstalled({ baseId: 'none', clientId: 'osaka', installedAt })).toBeNull();
      expect(await catalogue.markInstalled({ baseId: 'first', clientId: 'nagoya', installedAt })).toBeNull();
      expect((await catalogue.findBase('first'))?.installedAt).toBeNull();
      const confirmed = { baseId: 'first', clientId: 'osaka', installedAt };
      expect(await catalogue.markInstalled(confirmed)).toEqual([digest('0')]);
      expect(await catalogue.markInstalled({ ...confirmed, installedAt: 'later' })).toEqual([]);
      expect((await catalogue.findBase('first'))?.installedAt).toBe(TIME);
    });

    it('forgets the vectors of a client that calibrates by itself, and what it was sent once that is installed', async () => {
      await catalogue.seeClient({ taskId: TASK, clientId: 'nagoya', plantName: '名古屋', seenAt: TIME });
      const kept = { ...STARTED, vectors: { startWeights: digest('n') } };
      await catalogue.issueBase({ base: base('other', { clientId: 'nagoya' }), client: kept, state: START });
      await catalogue.journalUpdate(update('u1'));
      const client = { isHeld: false, scalars: { calibratesItself: 1 }, vectors: {}, forgetsVectors: true };
      const reply = { ...REPLY, weightsDigest: digest('v'), use: 'calibrate' as const };
      const { obsoleteDigests } = await catalogue.applyUpdate({ ...APPLICATION, client, reply });
      expect(obsoleteDigests).toContain(digest('0'));
      expect(await catalogue.findClient(TASK, 'osaka')).toMatchObject({
        scalars: { calibratesItself: 1 },
        vectors: {},
        base: { weightsDigest: digest('v'), use: 'calibrate' },
      });
      // Another client's vectors stay.
      expect(await catalogue.findClient(TASK, 'nagoya')).toMatchObject({ vectors: kept.vectors });
      expect(await catalogue.unreferenced([digest('v'), digest('n')])).toEqual([]);
      const installed = { baseId: 'reply', clientId: 'osaka', installedAt: TIME };
      expect(await catalogue.markInstalled(installed)).toEqual([digest('v')]);
      expect(await catalogue.unreferenced([digest('v'), digest('n')])).toEqual([digest('v')]);
    });

    it('names what nothing refers to', async () => {
      await catalogue.journalUpdate(update('u1'));
      const client = { ...STARTED, vectors: { startWeights: digest('f'), averageAtBase: digest('r') } };
      await catalogue.issueBase({
        base: base('fresh', { weightsDigest: digest('f') }),
        client,
        state: START,
      });
      const digests = ['0', 'd', 'f', 'r', 'x'].map(digest);
      // The task's own, the update that waits, what the client has; nobody knows x.
      expect(await catalogue.unreferenced(digests)).toEqual([digest('x')]);
    });

    it('summarises who has contributed what', async () => {
      await catalogue.journalUpdate(update('u1'));
      await catalogue.seeClient({ taskId: TASK, clientId: 'nagoya', plantName: '名古屋', seenAt: TIME });
      const osaka = { clientId: 'osaka', plantName: '大阪', lastSeenAt: TIME, baseVersion: 0 };
      expect(await catalogue.summarise(TASK)).toMatchObject({
        received: 1,
        applied: 0,
        clients: [
          { clientId: 'nagoya', baseVersion: null },
          { ...osaka, updatesApplied: 0, rounds: 0, lastStaleness: null },
        ],
      });
      await catalogue.applyUpdate(APPLICATION);
      const { applied, clients } = await catalogue.summarise(TASK);
      expect(applied).toBe(1);
      expect(clients[1]).toEqual({
        ...osaka,
        program: null,
        baseVersion: 1,
        updatesApplied: 1,
        rounds: 2,
        lastStaleness: 0,
      });
    });

    it('remembers what a client trains with, and what that lacks, until it says otherwise', async () => {
      const osaka = { taskId: TASK, clientId: 'osaka', plantName: '大阪', seenAt: TIME };
      const older = { app: 'genba-agent/0.1.0', lacks: ['template/next'] };
      expect(await catalogue.seeClient({ ...osaka, program: older })).toMatchObject({ program: older });
      expect(await catalogue.seeClient(osaka)).toMatchObject({ program: older });
      const newer = { app: 'genba-agent/0.2.0', lacks: [] };
      await catalogue.seeClient({ ...osaka, program: newer });
      const { clients } = await catalogue.summarise(TASK);
      expect(clients.find(({ clientId }) => clientId === 'osaka')).toMatchObject({ program: newer });
    });
  });
}
