import { expect, it, onTestFinished } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { largeTask, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { type MergeRunner, RunnerLost, type RunnerStart } from './merge-runner.ts';
import { StrategyRunner } from './strategy-runner.ts';
import { WorkerRunner } from './worker-runner.ts';

const REPORTS = ['osaka', 'nagoya', 'osaka', 'nagoya'] as const;

function startOf({ engine, store }: EngineBench): RunnerStart {
  return { task: engine.task, folder: store.weights.folder, checkSet: null, memoryBytes: 0 };
}

async function play(startRunner: (start: RunnerStart) => MergeRunner, federation: object) {
  const bench = await EngineBench.open(await temporaryFolder(), smallTask({ federation }), undefined, {
    startRunner,
  });
  await bench.join('osaka');
  await bench.join('nagoya');
  for (const [index, clientId] of REPORTS.entries()) {
    const { base, weights } = await bench.baseOf(clientId);
    const updateId = crypto.randomUUID();
    await bench.deliver({ updateId, clientId, baseId: base.baseId, weights: trained(weights, index) });
    await bench.engine.whenIdle();
  }
  const { vectors, globalVersion } = bench.engine.state;
  await bench.close();
  return { vectors, globalVersion };
}

it.each([{}, { strategy: 'fedbuff', bufferSize: 2 }, { strategy: 'fedavg', weighting: 'equal' }])(
  'gives the same bits in a thread under %j',
  async (federation) => {
    const here = await play((start) => new StrategyRunner(start), federation);
    expect(await play((start) => new WorkerRunner(start), federation)).toEqual(here);
  },
);

it('fails what it was doing when its thread dies, and works again', async () => {
  const folder = await temporaryFolder();
  const bench = await EngineBench.open(folder, smallTask());
  onTestFinished(() => bench.close());
  const runner = new WorkerRunner(startOf(bench));
  onTestFinished(() => runner.end());
  const { state } = bench.engine;
  const lost = expect(runner.join(state, null)).rejects.toBeInstanceOf(RunnerLost);
  await runner.crash();
  await lost;
  expect(await runner.join(state, null)).toMatchObject({ client: { baseVersion: 0 } });
});

it('carries errors over with their code', async () => {
  const folder = await temporaryFolder();
  const bench = await EngineBench.open(folder, smallTask());
  onTestFinished(() => bench.close());
  const runner = new WorkerRunner(startOf(bench));
  onTestFinished(() => runner.end());
  const vectors = { globalWeights: 'f'.repeat(64), relayWeights: 'f'.repeat(64) };
  const state = { ...bench.engine.state, vectors };
  await expect(runner.join(state, null)).rejects.toMatchObject({ code: 'store/damaged' });
  await runner.end();
  await expect(runner.join(state, null)).rejects.toBeInstanceOf(RunnerLost);
});

it('loses and repeats no update when threads die under load', async () => {
  const runners: WorkerRunner[] = [];
  const bench = await EngineBench.open(await temporaryFolder(), largeTask(), undefined, {
    startRunner: (start) => {
      const runner = new WorkerRunner(start);
      runners.push(runner);
      return runner;
    },
  });
  onTestFinished(() => bench.close());
  await bench.join('osaka');
  for (let index = 0; index < 6; index++) {
    const { base, weights } = await bench.baseOf('osaka');
    const update = { updateId: crypto.randomUUID(), clientId: 'osaka', baseId: base.baseId };
    await bench.deliver({ ...update, weights: trained(weights, index) });
    await runners[0]!.crash();
    await bench.engine.whenIdle();
    expect(bench.engine.state.globalVersion).toBe(index + 1);
    // Alone, a plant is never changed by calibration.
    expect((await bench.baseOf('osaka')).weights).toEqual(trained(weights, index));
  }
  expect(bench.engine.failedCount).toBe(0);
});
