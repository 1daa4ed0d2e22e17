import { randomUUID } from 'node:crypto';
import { WHOLE_MODEL } from '@genba/shared/federation/screening/norms';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readHistory } from '../store/norm-history.ts';
import type { AnyRequest, OperatorCommand } from '../store/operator-table.ts';
import { EngineBench } from '../testing/engine-bench.ts';
import { SERVED_FEDERATIONS, smallTask, trained } from '../testing/fixtures.ts';
import { scaled, wildIn } from '../testing/poison.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { historyKey } from './manifest.ts';

const TIME = '2026-11-23T06:00:00.000Z';
/** Few updates make a history here, so that tests stay short. */
const SCREENING = { minimumHistory: 3 };
/** What an update may be measured from. */
const ORIGINS = ['start-weights', 'global-weights'] as const;

/** Three plants that report by turns until each has a history of its own. */
class Plants {
  readonly bench: EngineBench;
  readonly #told: string[] = [];

  private constructor(bench: EngineBench) {
    this.bench = bench;
    bench.engine.onIssue(({ clientId }) => this.#told.push(clientId));
  }

  static async open(federation: object, folder?: string): Promise<Plants> {
    const task = smallTask({ federation, screening: SCREENING });
    const bench = await EngineBench.open(folder ?? (await temporaryFolder()), task);
    onTestFinished(() => bench.close());
    return new Plants(bench);
  }

  static async experienced(federation: object, folder?: string): Promise<Plants> {
    const plants = await Plants.open(federation, folder);
    for (const plant of ['osaka', 'nagoya', 'sendai']) await plants.bench.join(plant);
    for (let turn = 0; turn < 4; turn++) {
      for (const plant of ['osaka', 'nagoya', 'sendai'])
        expect(await plants.report(plant, turn)).toBe('applied');
    }
    return plants;
  }

  /** Reports weights made from what the client has now. @returns what became of them */
  async report(clientId: string, seed: number, make = trained): Promise<string> {
    const { updateId } = await this.deliver(clientId, seed, make);
    return (await this.bench.store.catalogue.findUpdate(updateId))!.state;
  }

  async deliver(clientId: string, seed: number, make: typeof trained) {
    const { base, weights } = await this.bench.baseOf(clientId);
    const update = { updateId: randomUUID(), clientId, baseId: base.baseId, weights: make(weights, seed) };
    await this.bench.deliver(update);
    await this.bench.engine.whenIdle();
    return update;
  }

  /** Carries out what an operator asks for. @returns how it ended */
  async operate(command: OperatorCommand): Promise<AnyRequest> {
    const { operators } = this.bench.store;
    const requestId = randomUUID();
    const taskId = this.bench.engine.task.id;
    const request = { requestId, taskId, command, requestedAt: TIME, requestedBy: 'test' };
    await operators.ask(request);
    await this.bench.engine.execute({ ...request, state: 'waiting', result: null, finishedAt: null });
    await this.bench.engine.whenIdle();
    return (await operators.find(requestId))!;
  }

  /** Who was told of news since the last call. */
  told(): string[] {
    return this.#told.splice(0);
  }
}

describe.each(Object.entries(SERVED_FEDERATIONS))('under %s', (_name, federation) => {
  it.each([
    ['a thousand times too large', (weights: Float32Array, seed: number) => scaled(weights, seed, 1000)],
    [
      'turned round and ten times too large',
      (weights: Float32Array, seed: number) => scaled(weights, seed, -10),
    ],
    [
      // The last eight of 23 weights are the last layer's; see `smallTask`.
      'wild in one layer only',
      (weights: Float32Array, seed: number) => wildIn(weights, seed, { start: 15, end: 23, factor: 30 }),
    ],
  ])('puts an update into quarantine that is %s', async (_what, make) => {
    const plants = await Plants.experienced(federation);
    const { engine, store } = plants.bench;
    const before = engine.state;
    plants.told();
    const { updateId } = await plants.deliver('nagoya', 9, make);
    expect(await store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'quarantined' });
    // Nothing of it is anywhere, and the plant is told.
    expect(engine.state).toEqual(before);
    expect(plants.told()).toEqual(['nagoya']);
    const [held] = await store.screening.quarantined(engine.task.id);
    expect(held).toMatchObject({ updateId, plantName: 'nagoya', finding: { kind: 'history', limit: 6 } });
    expect(await store.screening.heldUpdate({ taskId: engine.task.id, clientId: 'nagoya' })).toEqual(held);
    // The others go on.
    expect(await plants.report('osaka', 10)).toBe('applied');
    expect(await store.catalogue.summarise(engine.task.id)).toMatchObject({ quarantined: 1, applied: 13 });
  });

  it('merges what an operator lets out, without another look, and learns from it', async () => {
    const plants = await Plants.experienced(federation);
    const { engine, store } = plants.bench;
    const { updateId } = await plants.deliver('nagoya', 9, (weights, seed) => scaled(weights, seed, 1000));
    const of = { taskId: engine.task.id, clientId: 'nagoya' };
    const historyOf = async () => {
      const counts = ORIGINS.map(async (origin) => {
        const training = historyKey(engine.task, origin);
        return readHistory(await store.screening.normHistory({ ...of, training })).own.length;
      });
      const [fromStart, fromGlobal] = await Promise.all(counts);
      return fromStart! + fromGlobal!;
    };
    expect(await historyOf()).toBe(4);
    const before = engine.state;
    expect(await plants.operate({ kind: 'release', updateId })).toMatchObject({ state: 'done' });
    expect(await store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'applied' });
    expect(engine.state).not.toEqual(before);
    expect(await historyOf()).toBe(5);
    expect(await plants.operate({ kind: 'release', updateId })).toMatchObject({
      state: 'failed',
      result: { kind: 'failed', code: 'operation/not-quarantined' },
    });
  });

  it('answers a plant whose update is dropped with the global weights, from which it goes on', async () => {
    const plants = await Plants.experienced(federation);
    const { engine, store } = plants.bench;
    const { updateId } = await plants.deliver('nagoya', 9, (weights, seed) => scaled(weights, seed, 1000));
    plants.told();
    expect(await plants.operate({ kind: 'drop', updateId })).toMatchObject({ state: 'done' });
    expect(plants.told()).toEqual(['nagoya']);
    expect(await store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'refused' });
    const { base } = await plants.bench.baseOf('nagoya');
    expect(base).toMatchObject({ updateId, weightsDigest: engine.state.vectors.globalWeights });
    expect(await plants.report('nagoya', 12)).toBe('applied');
  });

  it('goes back to a kept version as a new one, which every plant receives', async () => {
    const plants = await Plants.experienced(federation);
    const { engine, store } = plants.bench;
    const { globalVersion: fromVersion } = engine.state;
    const old = await store.operators.keptVersion(engine.task.id, fromVersion - 2);
    const { updateId } = await plants.deliver('nagoya', 9, (weights, seed) => scaled(weights, seed, 1000));
    plants.told();
    const { result, requestedBy } = await plants.operate({ kind: 'rollback', version: fromVersion - 2 });
    expect(result).toEqual({
      kind: 'rollback',
      fromVersion,
      toVersion: fromVersion - 2,
      newVersion: fromVersion + 1,
      clients: 3,
    });
    expect(requestedBy).toBe('test');
    expect(engine.state).toMatchObject({ globalVersion: fromVersion + 1, vectors: { globalWeights: old } });
    expect(plants.told().sort()).toEqual(['nagoya', 'osaka', 'sendai']);
    for (const plant of ['osaka', 'nagoya', 'sendai']) {
      const { base } = await plants.bench.baseOf(plant);
      expect(base).toMatchObject({ version: fromVersion + 1, weightsDigest: old, installedAt: null });
      if (plant === 'nagoya') expect(base.updateId).toBe(updateId);
    }
    // What waited for a decision was built on what is given up.
    expect(await store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'refused' });
    for (const plant of ['osaka', 'nagoya', 'sendai']) expect(await plants.report(plant, 13)).toBe('applied');
    expect(engine.state.globalVersion).toBeGreaterThan(fromVersion + 1);
  });

  it('takes no notice of ordinary updates, however long a plant was away', async () => {
    const plants = await Plants.experienced(federation);
    for (let turn = 20; turn < 26; turn++) {
      for (const plant of ['sendai', 'osaka', 'nagoya'])
        expect(await plants.report(plant, turn)).toBe('applied');
    }
  });
});

describe('a plant that takes its calibration over', () => {
  /** Far from the others: its own weights lie a long way from the global ones, and each round moves them a little. */
  const drifting = (weights: Float32Array, seed: number) =>
    trained(weights, seed).map((value, index) => value + (index % 2 === 0 ? 0.1 : -0.1));

  it('begins a history of its own there, which soon holds what is out of the ordinary in it', async () => {
    // One plant more than the server calibrates for.
    const plants = await Plants.open({
      reference: 'average',
      calibratedBy: 'auto',
      calibrationLimit: 2,
      mixingWeight: 0.01,
    });
    const { engine, store } = plants.bench;
    const historyOf = async (origin: (typeof ORIGINS)[number]) => {
      const training = historyKey(engine.task, origin);
      const of = { taskId: engine.task.id, clientId: 'osaka', training };
      return readHistory(await store.screening.normHistory(of));
    };
    for (const plant of ['osaka', 'nagoya']) await plants.bench.join(plant);
    for (let turn = 0; turn < 20; turn++) {
      for (const plant of ['osaka', 'nagoya'])
        expect(await plants.report(plant, turn, plant === 'osaka' ? drifting : trained)).toBe('applied');
    }
    await plants.bench.join('sendai');
    expect(await plants.report('osaka', 20, drifting)).toBe('applied');
    expect((await plants.bench.baseOf('osaka')).base.use).toBe('install-and-reference');
    const before = await historyOf('start-weights');
    expect((await historyOf('global-weights')).own).toEqual([]);

    // Measured from the global weights it has come twenty rounds' way, which is no sudden jump.
    const own = (await plants.bench.baseOf('osaka')).weights;
    let weights = own;
    const report = async (make: (weights: Float32Array) => Float32Array) => {
      const { base } = await plants.bench.baseOf('osaka');
      const updateId = randomUUID();
      const made = make(weights);
      await plants.bench.deliver({ updateId, clientId: 'osaka', baseId: base.baseId, weights: made });
      await engine.whenIdle();
      const { state } = (await store.catalogue.findUpdate(updateId))!;
      if (state === 'applied') weights = made;
      return state;
    };
    for (let turn = 21; turn < 25; turn++)
      expect(await report((each) => drifting(each, turn))).toBe('applied');
    const after = await historyOf('global-weights');
    const [first] = after.own;
    const longest = Math.max(...before.own.map(({ norms }) => norms[WHOLE_MODEL]!));
    expect(first!.norms[WHOLE_MODEL]).toBeGreaterThan(6 * longest);
    expect(after.own).toHaveLength(4);
    expect(await historyOf('start-weights')).toEqual(before);

    expect(await report((each) => each.map((value) => 100 * value))).toBe('quarantined');
    const [held] = await store.screening.quarantined(engine.task.id);
    expect(held!.finding).toMatchObject({ kind: 'history', usual: expect.any(Number) });
  });
});

describe('an update in quarantine', () => {
  it('is judged the same after a restart, and its files stay', async () => {
    const folder = await temporaryFolder();
    const first = await Plants.experienced({}, folder);
    const { updateId, weights } = await first.deliver('nagoya', 9, (each, seed) => scaled(each, seed, 1000));
    const held = await first.bench.store.screening.quarantined(null);
    await first.bench.close();
    const again = await Plants.open({}, folder);
    expect(await again.bench.store.screening.quarantined(null)).toEqual(held);
    const { digest } = (await again.bench.store.catalogue.findUpdate(updateId))!;
    expect(await again.bench.store.weights.read(digest)).toEqual(weights);
    await again.operate({ kind: 'release', updateId });
    expect(await again.bench.store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'applied' });
  });

  it('is caught without any history where it is absurd', async () => {
    const plants = await Plants.open({});
    await plants.bench.join('osaka');
    expect(await plants.report('osaka', 1, (weights) => weights.map((value) => 40 * value + 40))).toBe(
      'quarantined',
    );
    const [held] = await plants.bench.store.screening.quarantined(null);
    expect(held!.finding).toMatchObject({ kind: 'absolute', limit: 30 });
  });

  it('is none where the task says so', async () => {
    const task = smallTask({ screening: { enabled: false } });
    const bench = await EngineBench.open(await temporaryFolder(), task);
    onTestFinished(() => bench.close());
    await bench.join('osaka');
    const { base, weights } = await bench.baseOf('osaka');
    const update = { updateId: randomUUID(), clientId: 'osaka', baseId: base.baseId };
    await bench.deliver({ ...update, weights: weights.map((value) => 40 * value + 40) });
    await bench.engine.whenIdle();
    expect(await bench.store.catalogue.findUpdate(update.updateId)).toMatchObject({ state: 'applied' });
  });

  it('is refused when another strategy starts the task anew', async () => {
    const folder = await temporaryFolder();
    const before = await Plants.experienced({}, folder);
    const { updateId } = await before.deliver('nagoya', 9, (each, seed) => scaled(each, seed, 1000));
    await before.bench.close();
    const after = await Plants.open({ reference: 'average' }, folder);
    expect(await after.bench.store.catalogue.findUpdate(updateId)).toMatchObject({ state: 'refused' });
    expect((await after.bench.baseOf('nagoya')).base).toMatchObject({ updateId });
    expect(await after.report('nagoya', 10)).toBe('applied');
  });
});

describe('a rollback', () => {
  it('names a version that is not kept, and changes nothing', async () => {
    const plants = await Plants.experienced({});
    const before = plants.bench.engine.state;
    expect(await plants.operate({ kind: 'rollback', version: 999 })).toMatchObject({
      state: 'failed',
      result: { code: 'operation/version-not-kept' },
    });
    expect(plants.bench.engine.state).toEqual(before);
  });

  it('has no effect once it is withdrawn', async () => {
    const plants = await Plants.experienced({});
    const { engine, store } = plants.bench;
    const requestId = randomUUID();
    const command = { kind: 'rollback', version: 3 } as const;
    const request = { requestId, taskId: engine.task.id, command, requestedAt: TIME, requestedBy: 'test' };
    await store.operators.ask(request);
    const asked = { ...request, state: 'waiting', result: null, finishedAt: null } as const;
    expect(await store.operators.withdraw({ requestId, finishedAt: TIME })).toBe(true);
    const before = engine.state;
    await engine.execute(asked);
    expect(engine.state).toEqual(before);
    expect(await store.operators.find(requestId)).toMatchObject({ state: 'withdrawn' });
  });
});
