import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import type { RunnerStart } from './engine/merge-runner.ts';
import { WorkerRunner } from './engine/worker-runner.ts';
import { startAggregator } from './server.ts';
import { THIS_THREAD } from './store/store-threads.ts';
import type { OpensTables } from './store/tables.ts';
import { openTablesInThread } from './store/tables-thread.ts';
import { BusyPlant } from './testing/busy-plant.ts';
import { smallTask } from './testing/fixtures.ts';
import { startForTest, statusOf } from './testing/gateway-bench.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { TestClient } from './testing/test-client.ts';

it('frees everything again when it cannot start', async () => {
  const dataFolder = await temporaryFolder();
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  onTestFinished(() => {
    blocker.close();
  });
  const { port } = blocker.address() as { port: number };
  const task = smallTask();
  for (const [options, code] of [
    [{ tasks: [task], port }, 'startup/port-in-use'],
    [{ tasks: [task, task], port: 0 }, 'task/invalid'],
    [{ tasks: [task], port: 0, host: '192.0.2.1' }, 'startup/host-not-loopback'],
    [{ tasks: [smallTask({ hiddenUnits: [7] })], port: 0 }, 'task/changed'],
  ] as const) {
    await expect(
      startAggregator({ dataFolder, security: { kind: 'open-loopback' }, ...options }),
    ).rejects.toMatchObject({ code });
  }
  await startForTest({ dataFolder, tasks: [task] });
});

it.each(['127.0.0.1', 'localhost'])('listens on %s', async (host) => {
  const { address } = await startForTest({ host });
  expect((await fetch(`${address}/health`)).status).toBe(200);
});

it('serves several tasks, each merged in a thread of its own, and none waits for another', async () => {
  const threads: Worker[] = [];
  const onWorker = (worker: Worker) => {
    if (worker.threadName === 'genba merge') threads.push(worker);
  };
  process.on('worker', onWorker);
  onTestFinished(() => void process.off('worker', onWorker));
  const held = Promise.withResolvers<void>();
  const startRunner = (start: RunnerStart) => {
    const runner = new WorkerRunner(start);
    if (start.task.id !== 'slow') return runner;
    const step = runner.step.bind(runner);
    runner.step = async (...what) => {
      await held.promise;
      return step(...what);
    };
    return runner;
  };
  const tasks = [smallTask({ id: 'slow' }), smallTask({ id: 'quick' })];
  const { address } = await startForTest({ tasks, startRunner });
  const [slow, quick] = await Promise.all(tasks.map(({ id }) => BusyPlant.join(address, id)));
  const reported = slow!.report();
  for (let round = 0; round < 3; round++) await quick!.report();
  const versions = async () => (await statusOf(address)).tasks.map(({ globalVersion }) => globalVersion);
  expect(await versions()).toEqual([0, 3]);
  held.resolve();
  await reported;
  expect(await versions()).toEqual([1, 3]);
  expect(new Set(threads).size).toBe(tasks.length);
});

it('answers nothing and stops when its catalogue is lost, and goes on from the disk', async () => {
  const dataFolder = await temporaryFolder();
  const task = smallTask();
  let crash = async () => {};
  const openTables: OpensTables = async (...parameters) => {
    const opened = await openTablesInThread(...parameters);
    crash = opened.crash;
    return opened;
  };
  const storeThreads = { ...THIS_THREAD, openTables };
  const { address, failed } = await startForTest({ dataFolder, tasks: [task], storeThreads });
  const plant = await BusyPlant.join(address, task.id);
  await plant.report();
  const { client } = await TestClient.join(address);
  await crash();
  client.send({ type: 'weights/request', reason: 'first' });
  // Whatever was said before the connection ended, it was no weights.
  await expect(client.expect('weights/offer')).rejects.toThrow(/closed|store\/stopped/);
  expect(await failed).toMatchObject({ code: 'store/stopped' });
  await expect(fetch(`${address}/status`)).rejects.toThrow('fetch failed');

  const again = await startForTest({ dataFolder, tasks: [task] });
  const [left] = (await statusOf(again.address)).tasks;
  expect(left).toMatchObject({ globalVersion: 1, counts: { received: 1, applied: 1, failed: 0 } });
});
