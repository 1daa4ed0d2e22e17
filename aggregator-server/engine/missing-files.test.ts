import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { weightFilePath } from '../store/weight-files.ts';
import { EngineBench, haltAt } from '../testing/engine-bench.ts';
import { SERVED_FEDERATIONS, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { RESTORE_STEPS, type StepHook } from './steps.ts';
import type { Recall } from './update-queue.ts';

async function open(folder: string, task: Task = smallTask(), onStep?: StepHook): Promise<EngineBench> {
  const bench = await EngineBench.open(folder, task, onStep);
  onTestFinished(() => bench.close());
  return bench;
}

/** A plant's next update, and what it started from. */
async function nextUpdate(bench: EngineBench, clientId: string, seed: number) {
  const { base, weights: start } = await bench.baseOf(clientId);
  const update = { updateId: crypto.randomUUID(), clientId, baseId: base.baseId };
  return { base, start, update: { ...update, weights: trained(start, seed) } };
}

async function report(bench: EngineBench, clientId: string, seed: number): Promise<void> {
  const { update } = await nextUpdate(bench, clientId, seed);
  await bench.deliver(update);
  await bench.engine.whenIdle();
}

function recallsOf(bench: EngineBench): (Omit<Recall, 'error'> & { code: string })[] {
  const recalls: (Omit<Recall, 'error'> & { code: string })[] = [];
  bench.engine.onRecall(({ error, ...recall }) => recalls.push({ ...recall, code: error.code }));
  return recalls;
}

async function damage(folder: string, digest: string): Promise<void> {
  await writeFile(weightFilePath(join(folder, 'weights'), digest), 'damaged');
}

const REPORTS = ['osaka', 'nagoya', 'osaka', 'nagoya', 'nagoya', 'osaka'] as const;

/** Where each client has start weights of its own at the server; in rounds of all clients they are the task's. */
const SENT_AGAIN = ['orthofl relay', 'orthofl with memory', 'fedbuff', 'ca2fl'];

/**
 * Two plants report by turns, each from the weights it has installed; where `isEvicting`, the server has let go of all
 * it may each time, and asks for the start weights again.
 */
async function play(federation: object, { isEvicting }: { isEvicting: boolean }) {
  const bench = await open(await temporaryFolder(), smallTask({ federation }));
  const plants = new Map<string, Awaited<ReturnType<typeof bench.baseOf>>>();
  const install = async (clientId: string) => {
    const installed = await bench.baseOf(clientId);
    plants.set(clientId, installed);
    await bench.engine.markInstalled({ clientId, baseId: installed.base.baseId });
  };
  for (const clientId of ['osaka', 'nagoya']) {
    await bench.join(clientId);
    await install(clientId);
  }
  let restored = 0;
  for (const [seed, clientId] of REPORTS.entries()) {
    if (isEvicting) await bench.evictAll();
    const { base, weights: start } = plants.get(clientId)!;
    const client = await bench.store.catalogue.findClient(bench.engine.task.id, clientId);
    if (bench.engine.missingFor(client!) === 'start-weights') {
      restored++;
      expect(await bench.restore(clientId, base, start)).toBe(true);
    }
    const update = { updateId: crypto.randomUUID(), clientId, baseId: base.baseId };
    await bench.deliver({ ...update, weights: trained(start, seed) });
    await bench.engine.whenIdle();
    for (const [each, installed] of plants) {
      const { base: current } = (await bench.store.catalogue.findClient(bench.engine.task.id, each))!;
      if (current!.baseId !== installed.base.baseId) await install(each);
    }
  }
  return {
    outcome: { state: bench.engine.state, plants: [...plants.values()].map(({ weights }) => weights) },
    restored,
  };
}

describe('start weights that a client sends again', () => {
  const { 'orthofl average': _, fedasync: __, ...restorable } = SERVED_FEDERATIONS;

  it.each(Object.entries(restorable))(
    'give the same bits as those that were kept, under %s',
    async (name, federation) => {
      const kept = await play(federation, { isEvicting: false });
      const evicted = await play(federation, { isEvicting: true });
      expect(evicted.outcome).toEqual(kept.outcome);
      expect(evicted.restored > 0).toBe(SENT_AGAIN.includes(name));
    },
  );

  it('are not needed where the strategy keeps none', async () => {
    const { outcome, restored } = await play({ strategy: 'fedasync' }, { isEvicting: true });
    expect(restored).toBe(0);
    expect(outcome).toEqual((await play({ strategy: 'fedasync' }, { isEvicting: false })).outcome);
  });

  it('are refused where the client has other ones by now', async () => {
    const bench = await open(await temporaryFolder());
    await bench.join('osaka');
    const { base, start } = await nextUpdate(bench, 'osaka', 1);
    await report(bench, 'osaka', 1);
    expect(await bench.restore('osaka', base, start)).toBe(false);
    expect(await bench.restore('nagoya', (await bench.baseOf('osaka')).base, start)).toBe(false);
  });

  it.each(RESTORE_STEPS)('survive a stop at %s', async (step) => {
    const folder = await temporaryFolder();
    const halt = haltAt(step);
    const bench = await EngineBench.open(folder, smallTask(), halt.onStep);
    await bench.join('osaka');
    await report(bench, 'osaka', 1);
    await bench.join('nagoya');
    await report(bench, 'nagoya', 2);
    const { base, start, update } = await nextUpdate(bench, 'osaka', 3);
    await bench.evictAll();
    halt.arm();
    void bench.restore('osaka', base, start);
    await halt.halted;
    await bench.abandon();

    const again = await open(folder);
    const client = await again.store.catalogue.findClient('small', 'osaka');
    // Before the commit the file is one that nothing refers to, and is asked for again.
    expect(again.engine.missingFor(client!)).toBe(step === 'restore/stored' ? 'start-weights' : 'nothing');
    expect((await again.store.weights.list()).includes(base.weightsDigest)).toBe(step !== 'restore/stored');
    if (step === 'restore/stored') expect(await again.restore('osaka', base, start)).toBe(true);
    await again.deliver(update);
    await again.engine.whenIdle();
    expect(again.engine.state.globalVersion).toBe(3);
  });
});

describe('a damaged file', () => {
  it('of a waiting update is healed by its client, also after a restart', async () => {
    const folder = await temporaryFolder();
    const halt = haltAt('receive/journaled');
    const bench = await EngineBench.open(folder, smallTask(), halt.onStep);
    await bench.join('osaka');
    const { update } = await nextUpdate(bench, 'osaka', 1);
    halt.arm();
    void bench.deliver(update);
    await halt.halted;
    const { digest } = (await bench.store.catalogue.findUpdate(update.updateId))!;
    await bench.abandon();
    await damage(folder, digest);

    const again = await open(folder);
    await again.engine.whenIdle();
    expect(again.engine.isDamaged(update.updateId)).toBe(true);
    expect(again.engine.failedCount).toBe(1);
    await again.deliver(update);
    await again.engine.whenIdle();
    expect(again.engine.isDamaged(update.updateId)).toBe(false);
    expect(again.engine.failedCount).toBe(0);
    expect(again.engine.state.globalVersion).toBe(1);
  });

  it('of start weights recalls their client, holds nobody else, and is healed by it', async () => {
    const folder = await temporaryFolder();
    const bench = await EngineBench.open(folder, smallTask(), undefined, { mergeMemoryBytes: 0 });
    const recalls = recallsOf(bench);
    await bench.join('osaka');
    await bench.join('nagoya');
    await report(bench, 'osaka', 1);
    // So that osaka's start weights are not the relay, which is in memory.
    await report(bench, 'nagoya', 2);
    const { base, start, update } = await nextUpdate(bench, 'osaka', 3);
    await damage(folder, base.weightsDigest);
    await bench.deliver(update);
    await report(bench, 'nagoya', 4);
    expect(bench.engine.state.globalVersion).toBe(3);
    expect(bench.engine.failedCount).toBe(1);
    const { updateId } = update;
    expect(recalls).toEqual([{ taskId: 'small', clientId: 'osaka', updateId, code: 'update/offer-again' }]);
    await bench.close();

    const again = await open(folder);
    await again.engine.whenIdle();
    expect(again.engine.failedCount).toBe(1);
    const client = await again.store.catalogue.findClient('small', 'osaka');
    expect(again.engine.missingFor(client!)).toBe('start-weights');
    expect(await again.restore('osaka', base, start)).toBe(true);
    await again.engine.whenIdle();
    expect(again.engine.failedCount).toBe(0);
    expect(again.engine.state.globalVersion).toBe(4);
    expect((await again.baseOf('osaka')).base).toMatchObject({ updateId, staleness: 2 });
  });

  it('of start weights that were sent just now holds nobody up: they are still in memory', async () => {
    const folder = await temporaryFolder();
    const bench = await open(folder);
    await bench.join('osaka');
    await bench.join('nagoya');
    await report(bench, 'osaka', 1);
    await report(bench, 'nagoya', 2);
    const { base, update } = await nextUpdate(bench, 'osaka', 3);
    await damage(folder, base.weightsDigest);
    await bench.deliver(update);
    await bench.engine.whenIdle();
    expect(bench.engine.state.globalVersion).toBe(3);
  });

  it('that only the server had sets the update aside and lets its client start anew', async () => {
    const folder = await temporaryFolder();
    const bench = await open(folder, smallTask({ federation: { reference: 'average' } }));
    const recalls = recallsOf(bench);
    await bench.join('osaka');
    await bench.join('nagoya');
    await report(bench, 'osaka', 1);
    await report(bench, 'nagoya', 2);
    const { update } = await nextUpdate(bench, 'osaka', 3);
    const client = await bench.store.catalogue.findClient('small', 'osaka');
    await damage(folder, client!.vectors.averageAtBase!);
    await bench.deliver(update);
    await bench.engine.whenIdle();
    expect(recalls).toMatchObject([{ updateId: update.updateId, code: 'update/unknown-base' }]);
    expect(await bench.store.catalogue.findUpdate(update.updateId)).toMatchObject({ state: 'refused' });
    expect(bench.engine.state.globalVersion).toBe(2);
    // What the plant does then.
    await bench.join('osaka');
    await report(bench, 'osaka', 4);
    expect(bench.engine.state.globalVersion).toBe(3);
  });

  it('of the server itself stays a failure', async () => {
    const folder = await temporaryFolder();
    const bench = await open(folder, smallTask({ federation: { memory: {} } }));
    const recalls = recallsOf(bench);
    await bench.join('osaka');
    await bench.join('nagoya');
    await report(bench, 'osaka', 1);
    await report(bench, 'nagoya', 2);
    const client = await bench.store.catalogue.findClient('small', 'osaka');
    const { update } = await nextUpdate(bench, 'osaka', 3);
    await damage(folder, client!.vectors.lastDelta!);
    await bench.deliver(update);
    await bench.engine.whenIdle();
    expect(recalls).toEqual([]);
    expect(bench.engine.failedCount).toBe(1);
    expect(await bench.store.catalogue.findUpdate(update.updateId)).toMatchObject({ state: 'received' });
  });
});

describe('weights that are gone before their client had them', () => {
  it.each(Object.entries(SERVED_FEDERATIONS))(
    'are replaced by the global weights, under %s',
    async (_name, federation) => {
      const bench = await open(await temporaryFolder(), smallTask({ federation }));
      await bench.join('osaka');
      await bench.join('nagoya');
      for (const [seed, clientId] of ['osaka', 'nagoya', 'nagoya'].entries())
        await report(bench, clientId, seed);
      const { base } = await bench.baseOf('osaka');
      await bench.evictAll();
      const instead = await bench.engine.reissue({ clientId: 'osaka', baseId: base.baseId });
      const { globalWeights } = bench.engine.state.vectors;
      expect(instead).toMatchObject({ updateId: base.updateId, weightsDigest: globalWeights });
      // Asked twice, as after a cut: the same again.
      expect(await bench.engine.reissue({ clientId: 'osaka', baseId: base.baseId })).toEqual(instead);
      const client = await bench.store.catalogue.findClient('small', 'osaka');
      expect(bench.engine.missingFor(client!)).toBe('nothing');
      await report(bench, 'osaka', 9);
      expect(bench.engine.failedCount).toBe(0);
    },
  );
});

it('goes back to no version that is evicted while the way back is prepared', async () => {
  const folder = await temporaryFolder();
  let evict = async () => {};
  const bench = await open(folder, smallTask(), async (step) => {
    if (step === 'apply/all-stored') await evict();
  });
  await bench.join('osaka');
  for (let seed = 0; seed < 3; seed++) await report(bench, 'osaka', seed);
  const { state } = bench.engine;
  const { operators } = bench.store;
  const requestId = crypto.randomUUID();
  const command = { kind: 'rollback', version: 1 } as const;
  const requestedAt = new Date().toISOString();
  const request = { requestId, taskId: 'small', command, requestedAt, requestedBy: 'test' };
  await operators.ask(request);
  evict = () => bench.evictAll();
  await bench.engine.execute({ ...request, state: 'waiting', result: null, finishedAt: null });
  await bench.engine.whenIdle();
  expect(await operators.find(requestId)).toMatchObject({
    state: 'failed',
    result: { code: 'operation/version-not-kept' },
  });
  expect(bench.engine.state).toEqual(state);
  await bench.store.weights.read(bench.engine.state.vectors.globalWeights);
});
