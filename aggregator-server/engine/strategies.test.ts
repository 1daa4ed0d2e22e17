import { setTimeout as delay } from 'node:timers/promises';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { MemoryServer } from '@genba/shared/federation/strategies/memory-server';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { SERVED_FEDERATIONS, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const START_MS = Date.parse('2026-11-23T06:00:00.000Z');

interface Plants {
  readonly bench: EngineBench;
  /** Trains on what the client has now and delivers it. */
  readonly report: (clientId: string, seed: number) => Promise<{ updateId: string; weights: Float32Array }>;
}

async function open(...[folder, task, onStep, more]: Parameters<typeof EngineBench.open>): Promise<Plants> {
  const bench = await EngineBench.open(folder, task, onStep, more);
  onTestFinished(() => bench.close());
  const report = async (clientId: string, seed: number) => {
    const { base, weights: start } = await bench.baseOf(clientId);
    const weights = trained(start, seed);
    const updateId = crypto.randomUUID();
    await bench.deliver({ updateId, clientId, baseId: base.baseId, weights });
    await bench.engine.whenIdle();
    return { updateId, weights };
  };
  return { bench, report };
}

describe.each(Object.entries(SERVED_FEDERATIONS))('under %s', (_name, federation) => {
  it('does what a server in memory does, bit by bit', async () => {
    const task = smallTask({ federation });
    const layout = weightLayout(task);
    let nowMs = START_MS;
    const folder = await temporaryFolder();
    const now = () => new Date(nowMs);
    let { bench, report } = await open(folder, task, undefined, { now });
    const memory = MemoryServer.create(
      createStrategy(task.federation, layout),
      initialWeights(layout, task.seed),
    );
    for (const plant of ['osaka', 'nagoya']) {
      await bench.join(plant);
      memory.join(plant);
    }
    for (const [index, plant] of ['osaka', 'nagoya', 'nagoya', 'osaka', 'sendai', 'osaka'].entries()) {
      nowMs += 1;
      if (plant === 'sendai') {
        await bench.join(plant);
        memory.join(plant);
        // Nothing is lost in a restart.
        await bench.close();
        ({ bench, report } = await open(folder, task, undefined, { now }));
      }
      const { weights } = await report(plant, index);
      const { figures } = memory.report(plant, { weights, examples: 10, receivedAtMs: nowMs });
      const client = await bench.store.catalogue.findClient(task.id, plant);
      const expected = memory.state.clients.get(plant)!;
      expect(client).toMatchObject({ isHeld: expected.isHeld, scalars: expected.scalars });
      if (!expected.isHeld) {
        expect(client!.base).toMatchObject({ version: expected.baseVersion, staleness: figures!.staleness });
      }
      const { server } = memory.state;
      expect(bench.engine.state.globalVersion).toBe(server.version);
      expect(bench.engine.state.scalars).toEqual(server.scalars);
      for (const [name, vector] of Object.entries(server.vectors)) {
        const digest = bench.engine.state.vectors[name]!;
        expect(await bench.store.weights.read(digest), name).toEqual(vector);
      }
      for (const [name, vector] of Object.entries(expected.vectors)) {
        expect(await bench.store.weights.read(client!.vectors[name]!), name).toEqual(vector);
      }
    }
  });
});

describe('rounds', () => {
  it('hold a client until the last report is in, and answer each by the update it sent', async () => {
    const issued: string[] = [];
    const { bench, report } = await open(
      await temporaryFolder(),
      smallTask({ federation: { strategy: 'fedavg' } }),
    );
    bench.engine.onIssue(({ clientId }) => issued.push(clientId));
    await bench.join('osaka');
    await bench.join('nagoya');
    const first = await report('osaka', 1);
    expect(bench.engine.state.globalVersion).toBe(0);
    expect(issued).toEqual([]);
    const second = await report('nagoya', 2);
    expect(bench.engine.state.globalVersion).toBe(1);
    expect(issued.sort()).toEqual(['nagoya', 'osaka']);
    const osaka = await bench.baseOf('osaka');
    const nagoya = await bench.baseOf('nagoya');
    expect(osaka.base).toMatchObject({ updateId: first.updateId, version: 1, staleness: 0 });
    expect(nagoya.base).toMatchObject({ updateId: second.updateId, version: 1, staleness: 0 });
    expect(osaka.weights).toEqual(nagoya.weights);
  });

  it('close by themselves when a plant stays away', async () => {
    const federation = { strategy: 'fedavg', deadlineMs: 1000 };
    const { bench, report } = await open(await temporaryFolder(), smallTask({ federation }));
    await bench.join('osaka');
    await bench.join('nagoya');
    await report('osaka', 1);
    expect(bench.engine.state.globalVersion).toBe(0);
    await expect.poll(() => bench.engine.state.globalVersion, { timeout: 10_000 }).toBe(1);
    expect((await bench.baseOf('osaka')).base).toMatchObject({ version: 1, installedAt: null });
    expect((await bench.baseOf('nagoya')).base).toMatchObject({ version: 0 });
  });
});

describe('another strategy in the task file', () => {
  it('goes on from the global weights, with every client and all confirmed progress', async () => {
    const folder = await temporaryFolder();
    const before = await open(folder, smallTask({ federation: { strategy: 'fedavg' } }));
    await before.bench.join('osaka');
    await before.bench.join('nagoya');
    const held = await before.report('osaka', 1);
    await before.bench.close();

    const { bench, report } = await open(
      folder,
      smallTask({ federation: { strategy: 'fedbuff', bufferSize: 2 } }),
    );
    // The open round was closed with what was in it.
    expect(bench.engine.state).toMatchObject({ globalVersion: 1, scalars: { buffered: 0 } });
    expect(await bench.store.weights.read(bench.engine.state.vectors.globalWeights)).toEqual(held.weights);
    const osaka = await bench.baseOf('osaka');
    expect(osaka.base).toMatchObject({ version: 1, updateId: held.updateId });
    expect(osaka.weights).toEqual(held.weights);
    expect((await bench.baseOf('nagoya')).base).toMatchObject({ version: 1, updateId: null });
    await report('osaka', 2);
    await report('nagoya', 3);
    expect(bench.engine.state.globalVersion).toBe(2);
  });

  it('first applies under the old one what was received', async () => {
    const folder = await temporaryFolder();
    // Hangs before the update is applied, as a process that is killed there.
    const hang = await EngineBench.open(folder, smallTask(), (step) =>
      step === 'apply/computed' ? new Promise(() => {}) : undefined,
    );
    await hang.join('osaka');
    const { base, weights } = await hang.baseOf('osaka');
    const update = { updateId: crypto.randomUUID(), clientId: 'osaka', baseId: base.baseId };
    await hang.deliver({ ...update, weights: trained(weights, 1) });
    await delay(50);
    await hang.abandon();
    const { bench } = await open(folder, smallTask({ federation: { reference: 'average' } }));
    expect(bench.engine.state.globalVersion).toBe(1);
    expect(Object.keys(bench.engine.state.vectors)).toEqual(['globalWeights']);
    const after = await bench.baseOf('osaka');
    expect(after.base).toMatchObject({ version: 1, updateId: update.updateId });
    expect(after.base.weightsDigest).toBe(bench.engine.state.vectors.globalWeights);
  });
});

describe('another answer to who calibrates in the task file', () => {
  const by = (calibratedBy: string) => smallTask({ federation: { reference: 'average', calibratedBy } });

  it('hands each client its reference with its next reply, to the same bits as if nothing had changed', async () => {
    const folder = await temporaryFolder();
    const before = await open(folder, by('server'));
    const memory = MemoryServer.create(
      createStrategy(by('server').federation, before.bench.engine.layout),
      initialWeights(before.bench.engine.layout, by('server').seed),
    );
    const report = async ({ report: deliver }: Plants, plant: string, seed: number) => {
      const { weights } = await deliver(plant, seed);
      return memory.report(plant, { weights, examples: 10, receivedAtMs: START_MS }).replies.get(plant)!;
    };
    for (const plant of ['osaka', 'nagoya']) {
      await before.bench.join(plant);
      memory.join(plant);
    }
    await report(before, 'osaka', 1);
    await before.bench.close();

    const changed = await open(folder, by('client'));
    const { store, engine } = changed.bench;
    const expected = await report(changed, 'nagoya', 2);
    const { base, weights } = await changed.bench.baseOf('nagoya');
    expect(base).toMatchObject({ use: 'install-and-reference', version: 2, staleness: 1 });
    expect(expected).toEqual({ kind: 'weights', weights });
    const sent = await store.weights.read(base.weightsDigest);
    expect(sent.slice(weights.length)).toEqual(memory.globalWeights);
    expect((await store.catalogue.findClient(engine.task.id, 'nagoya'))!.vectors).toEqual({});
    // Who has not reported since is still the server's concern.
    expect(Object.keys((await store.catalogue.findClient(engine.task.id, 'osaka'))!.vectors)).toHaveLength(2);
    await changed.bench.close();

    const back = await open(folder, by('server'));
    await report(back, 'nagoya', 3);
    expect((await back.bench.baseOf('nagoya')).base).toMatchObject({ use: 'calibrate', version: 3 });
    expect(await back.bench.join('nagoya')).toMatchObject({ use: 'install', version: 3 });
    expect(back.bench.engine.state.scalars).toEqual({ clientCount: 2 });
  });

  it('sends everybody weights to calibrate with when the strategy changes, too', async () => {
    const folder = await temporaryFolder();
    const before = await open(folder, smallTask());
    for (const plant of ['osaka', 'nagoya']) await before.bench.join(plant);
    await before.report('osaka', 1);
    await before.bench.close();
    const { bench, report } = await open(folder, by('client'));
    const { globalWeights } = bench.engine.state.vectors;
    for (const plant of ['osaka', 'nagoya']) {
      const { base } = await bench.baseOf(plant);
      expect(base).toMatchObject({ use: 'install-as-reference', version: 1, weightsDigest: globalWeights });
      expect((await bench.store.catalogue.findClient(bench.engine.task.id, plant))!.vectors).toEqual({});
    }
    expect(bench.engine.state.scalars).toEqual({ clientCount: 2 });
    await report('osaka', 2);
    expect((await bench.baseOf('osaka')).base).toMatchObject({
      use: 'calibrate',
      weightsDigest: globalWeights,
    });
  });
});

it('sets an update aside that would leave the range of float32, and goes on', async () => {
  const task = smallTask({ screening: { enabled: false } });
  const { bench, report } = await open(await temporaryFolder(), task);
  await bench.join('osaka');
  await bench.join('nagoya');
  const push = async (clientId: string, weightAt: (index: number) => number) => {
    const { base, weights } = await bench.baseOf(clientId);
    const update = { updateId: crypto.randomUUID(), clientId, baseId: base.baseId };
    await bench.deliver({ ...update, weights: weights.map((_, index) => weightAt(index)) });
    await bench.engine.whenIdle();
    return update.updateId;
  };
  // Neither leaves the range; half of the first, added to the second, does.
  await push('osaka', (index) => (index % 2 === 0 ? 3e38 : 0));
  const refused = await push('nagoya', () => 3e38);
  const { catalogue } = bench.store;
  expect(await catalogue.findUpdate(refused)).toMatchObject({ state: 'refused' });
  expect(await catalogue.summarise(bench.engine.task.id)).toMatchObject({ applied: 1, setAside: 1 });
  const { base } = await bench.baseOf('nagoya');
  expect(base).toMatchObject({ updateId: refused, version: 1, staleness: null });
  expect(base.weightsDigest).toBe(bench.engine.state.vectors.globalWeights);
  expect(await report('osaka', 5)).toBeDefined();
});
