import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { calibrationGroups } from '@genba/shared/federation/groups';
import { mergeUpdate } from '@genba/shared/federation/orthofl';
import type { OrthoFlSettings } from '@genba/shared/federation/strategies/settings';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const PLANTS = ['osaka', 'nagoya', 'sendai'] as const;
type Plant = (typeof PLANTS)[number];
/** Who reports when; sendai is away for long. */
const REPORTS: readonly Plant[] = [
  'osaka',
  'nagoya',
  'osaka',
  'osaka',
  'nagoya',
  'sendai',
  'osaka',
  'sendai',
];

async function open(...[folder, task, onStep]: Parameters<typeof EngineBench.open>): Promise<EngineBench> {
  const bench = await EngineBench.open(folder, task, onStep);
  onTestFinished(() => bench.close());
  return bench;
}

describe.each(['relay', 'average'] as const)('with the reference %s', (reference) => {
  it('merges and replies exactly as the pure functions do', async () => {
    const task = smallTask({ federation: { reference } });
    const settings = task.federation as OrthoFlSettings;
    const bench = await open(await temporaryFolder(), task);
    for (const plant of PLANTS) await bench.join(plant);

    const groups = calibrationGroups(weightLayout(task), settings.grouping);
    const start = initialWeights(weightLayout(task), task.seed);
    let globalWeights = start;
    let relayWeights = start;
    const plants = new Map<Plant, { start: Float32Array; average: Float32Array; version: number }>(
      PLANTS.map((plant) => [plant, { start, average: start, version: 0 }]),
    );
    for (const [index, plant] of REPORTS.entries()) {
      const own = plants.get(plant)!;
      const clientWeights = trained(own.start, index);
      const merge = mergeUpdate(
        {
          clientWeights,
          startWeights: own.start,
          globalWeights,
          referenceNow: reference === 'relay' ? relayWeights : globalWeights,
          referenceAtBase: reference === 'relay' ? own.start : own.average,
          staleness: index - own.version,
        },
        settings,
        groups,
      );
      ({ globalWeights } = merge);
      relayWeights = merge.calibratedWeights;
      plants.set(plant, { start: merge.calibratedWeights, average: globalWeights, version: index + 1 });

      const { base } = await bench.baseOf(plant);
      await bench.deliver({
        updateId: crypto.randomUUID(),
        clientId: plant,
        baseId: base.baseId,
        weights: clientWeights,
      });
      await bench.engine.whenIdle();

      expect(await bench.store.weights.read(bench.engine.state.vectors.globalWeights)).toEqual(globalWeights);
      const reply = await bench.baseOf(plant);
      expect(reply.weights).toEqual(merge.calibratedWeights);
      expect(reply.base).toMatchObject({
        version: index + 1,
        staleness: index - own.version,
        mixingWeight: merge.mixingWeight,
        calibration: merge.calibration,
        installedAt: null,
      });
    }
  });
});

describe('an engine', () => {
  it('applies an update once, however often it arrives', async () => {
    const bench = await open(await temporaryFolder(), smallTask());
    const base = await bench.join('osaka');
    const { weights } = await bench.baseOf('osaka');
    const update = {
      updateId: crypto.randomUUID(),
      clientId: 'osaka',
      baseId: base.baseId,
      weights: trained(weights, 1),
    };
    const [first, again] = await Promise.all([bench.deliver(update), bench.deliver(update)]);
    await bench.engine.whenIdle();
    const late = await bench.deliver(update);
    await bench.engine.whenIdle();
    expect([again, late]).toEqual([first, { ...first, state: 'applied' }]);
    expect(bench.engine.state.globalVersion).toBe(1);
  });

  it('refuses the same id with other content, and a second update on a base', async () => {
    const bench = await open(await temporaryFolder(), smallTask());
    const { baseId } = await bench.join('osaka');
    const { weights } = await bench.baseOf('osaka');
    const update = { updateId: crypto.randomUUID(), clientId: 'osaka', baseId, weights: trained(weights, 1) };
    await bench.deliver(update);
    await expect(bench.deliver({ ...update, weights: trained(weights, 2) })).rejects.toMatchObject({
      code: 'update/id-conflict',
    });
    await expect(bench.deliver({ ...update, updateId: crypto.randomUUID() })).rejects.toMatchObject({
      code: 'update/unknown-base',
    });
    await bench.engine.whenIdle();
    expect(bench.engine.state.globalVersion).toBe(1);
  });

  it('gives fresh weights from the global weights and leaves the relay alone', async () => {
    const bench = await open(await temporaryFolder(), smallTask());
    const { baseId } = await bench.join('osaka');
    const { weights } = await bench.baseOf('osaka');
    await bench.deliver({
      updateId: crypto.randomUUID(),
      clientId: 'osaka',
      baseId,
      weights: trained(weights, 1),
    });
    // Not awaited before: fresh weights come after what was already received.
    const fresh = await bench.join('nagoya');
    const { globalWeights, relayWeights } = bench.engine.state.vectors;
    expect(fresh).toMatchObject({ version: 1, weightsDigest: globalWeights });
    expect(relayWeights).not.toBe(globalWeights);
  });

  it('keeps twenty versions and what clients need, and no other file', async () => {
    const folder = await temporaryFolder();
    const bench = await EngineBench.open(folder, smallTask());
    await bench.join('nagoya');
    await bench.join('osaka');
    for (let round = 0; round < 25; round++) {
      const { base, weights } = await bench.baseOf('osaka');
      await bench.deliver({
        updateId: crypto.randomUUID(),
        clientId: 'osaka',
        baseId: base.baseId,
        weights: trained(weights, round),
      });
      await bench.engine.whenIdle();
    }
    // Versions 6 to 25, the reply to osaka (also the relay), and version 0, from which nagoya still starts.
    expect(await bench.store.weights.list()).toHaveLength(22);
    const { base, weights } = await bench.baseOf('nagoya');
    const update = { updateId: crypto.randomUUID(), clientId: 'nagoya', baseId: base.baseId };
    await bench.deliver({ ...update, weights: trained(weights, 1) });
    await bench.engine.whenIdle();
    expect((await bench.baseOf('nagoya')).base).toMatchObject({ version: 26, staleness: 25 });
    await bench.close();
  });

  it('waits for a failing disk and then goes on', async () => {
    const folder = await temporaryFolder();
    const bench = await open(folder, smallTask());
    const { baseId } = await bench.join('osaka');
    const { weights } = await bench.baseOf('osaka');
    const temporary = join(folder, 'weights', 'temporary');
    await rename(temporary, `${temporary}-away`);
    const update = { updateId: crypto.randomUUID(), clientId: 'osaka', baseId, weights: trained(weights, 1) };
    await bench.deliver(update);
    await setTimeout(100);
    expect(bench.engine.state.globalVersion).toBe(0);
    await rename(`${temporary}-away`, temporary);
    await bench.engine.whenIdle();
    expect(bench.engine.state.globalVersion).toBe(1);
    expect(bench.engine.failedCount).toBe(0);
  });

  it('refuses a task file with another model under the same id, but takes other settings', async () => {
    const folder = await temporaryFolder();
    await (await EngineBench.open(folder, smallTask())).close();
    await expect(EngineBench.open(folder, smallTask({ hiddenUnits: [4] }))).rejects.toMatchObject({
      code: 'task/changed',
    });
    const bench = await open(folder, smallTask({ federation: { mixingWeight: 0.1 } }));
    expect(bench.engine.state.globalVersion).toBe(0);
  });
});
