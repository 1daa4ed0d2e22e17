/**
 * How long the aggregator's event loop pauses while several plants send updates and fetch replies at once, with models
 * of 1 M and 25 M parameters: `node bench/event-loop.ts`. Budget: no pause over 20 ms, whatever the model's size.
 *
 * A machine that has other work makes every process wait for a core. So an idle process measures its own event loop in
 * the same seconds (the control), and the longest work is told in the processor's time too: that of the sessions' thread
 * between two ticks of a 1 ms timer, collections among it, which does not count waiting for a core, or for the disk. The
 * budget is judged on all three, so that nobody has to guess which of them it was. The server has the settings that
 * `genba-aggregator` gives itself; plants, which in life are other computers, take what it leaves of the cores.
 * For comparison one row runs everything in the sessions' thread. Prints a table, and JSON on the last line.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, type Task } from '@genba/shared/model/task';
import { StrategyRunner } from '../aggregator-server/engine/strategy-runner.ts';
import { FLAT_MEMORY } from '../aggregator-server/flat-memory.ts';
import { type AggregatorOptions, startAggregator } from '../aggregator-server/server.ts';
import { THIS_THREAD } from '../aggregator-server/store/store-threads.ts';
import { PersistentPlant } from '../aggregator-server/testing/persistent-plant.ts';

const BUDGET_MS = 20;
const IDLE_MS = 2000;
/** Hidden units of a model by its size. */
const MODELS = { '1M': [1000, 1000], '25M': [4990, 4990] } as const;

type Model = keyof typeof MODELS;

function taskOf(model: Model): Task {
  return parseTask({
    id: `event-loop-${model.toLowerCase()}`,
    name: { en: 'Event loop', ja: 'イベントループ' },
    input: { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' },
    classes: ['ok', 'ng'],
    model: { template: 'mlp', hiddenUnits: MODELS[model] },
  });
}

/** Delays of one event loop: the time between two ticks of a 1 ms timer. */
interface Delays {
  readonly p99Ms: number;
  readonly longestMs: number;
  /** How many were over the budget. */
  readonly overCount: number;
}

interface Row {
  readonly name: string;
  readonly parameters: number;
  readonly plants: number;
  readonly updates: number;
  readonly seconds: number;
  readonly aggregator: Delays;
  readonly control: Delays;
  /** Most processor time that the sessions' thread took between two ticks. */
  readonly longestWorkMs: number;
  /** Longest garbage collection of the sessions' thread, by the clock. */
  readonly longestGcMs: number;
}

function inMs(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e4) / 100;
}

/** Measures the delays of this thread's event loop from now on. @returns ends it */
function startDelayMeter(): () => Delays {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  let overCount = 0;
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - before > BUDGET_MS) overCount++;
    before = now;
  }, 1);
  histogram.enable();
  return () => {
    histogram.disable();
    clearInterval(timer);
    return { p99Ms: inMs(histogram.percentile(99)), longestMs: inMs(histogram.max), overCount };
  };
}

/** Measures the processor time of this thread between two ticks from now on. @returns ends it and tells the longest */
function startWorkMeter(): () => number {
  let longestMicros = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage();
    longestMicros = Math.max(longestMicros, user + system - before.user - before.system);
    before = { user, system };
  }, 1);
  return () => {
    clearInterval(timer);
    return inMs(longestMicros * 1000);
  };
}

/** An idle process that measures its own event loop from now until it is asked. */
async function startControl(): Promise<() => Promise<Delays>> {
  const child = fork(import.meta.filename, ['--control']);
  await once(child, 'message');
  return async () => {
    child.send('tell');
    const [delays] = (await once(child, 'message')) as [Delays];
    await once(child, 'exit');
    return delays;
  };
}

async function control(): Promise<void> {
  const endDelayMeter = startDelayMeter();
  process.send?.('measuring');
  await once(process, 'message');
  process.send?.(endDelayMeter());
  process.disconnect();
}

/** Watches this event loop, and that of the control, while the work runs. */
async function watch(
  name: string,
  { parameters, plants }: { parameters: number; plants: number },
  work: () => Promise<number>,
): Promise<Row> {
  let longestGcMs = 0;
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration);
  });
  const endControl = await startControl();
  collections.observe({ entryTypes: ['gc'] });
  const startedAt = performance.now();
  const endWorkMeter = startWorkMeter();
  const endDelayMeter = startDelayMeter();
  const updates = await work();
  const aggregator = endDelayMeter();
  const longestWorkMs = endWorkMeter();
  collections.disconnect();
  const seconds = Math.round((performance.now() - startedAt) / 10) / 100;
  return {
    name,
    parameters,
    plants,
    updates,
    seconds,
    aggregator,
    control: await endControl(),
    longestWorkMs,
    longestGcMs: inMs(longestGcMs * 1e6),
  };
}

interface Load {
  readonly model: Model;
  readonly plants: number;
  /** Updates to wait for, at least. */
  readonly updates: number;
  readonly options?: Pick<AggregatorOptions, 'startRunner' | 'storeThreads'>;
}

/** Lets plants report until enough updates have come; ends when all are merged. */
async function merge(name: string, { model, plants, updates, options = {} }: Load): Promise<Row> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
  const task = taskOf(model);
  const security = { kind: 'open-loopback' } as const;
  const aggregator = await startAggregator({ dataFolder, tasks: [task], port: 0, security, ...options });
  const report = (count: number) => reportFrom({ address: aggregator.address, model, plants, count });
  try {
    // One round first, so that nothing is compiled or created while the loop is watched.
    await report(plants);
    await aggregator.whenIdle();
    return await watch(name, { parameters: weightLayout(task).size, plants }, async () => {
      const confirmed = await report(updates);
      await aggregator.whenIdle();
      return confirmed;
    });
  } finally {
    await aggregator.close();
    await rm(dataFolder, { recursive: true, force: true });
  }
}

/** Runs plants in a process of their own. @returns the number of updates with a receipt */
async function reportFrom(by: {
  address: string;
  model: Model;
  plants: number;
  count: number;
}): Promise<number> {
  const child = fork(import.meta.filename, ['--plants', JSON.stringify(by)]);
  const [message] = (await once(child, 'message')) as [{ confirmed: number }];
  await once(child, 'exit');
  return message.confirmed;
}

async function runPlants(by: {
  address: string;
  model: Model;
  plants: number;
  count: number;
}): Promise<void> {
  setPriority(constants.priority.PRIORITY_LOW);
  const taskId = taskOf(by.model).id;
  const plants = Array.from({ length: by.plants }, () => new PersistentPlant(taskId, () => by.address));
  const lives = Promise.all(plants.map((plant) => plant.run()));
  const confirmedCount = () => plants.reduce((sum, plant) => sum + plant.confirmed.length, 0);
  while (confirmedCount() < by.count) await Promise.race([delay(5), lives]);
  for (const plant of plants) plant.finish();
  await lives;
  process.send?.({ confirmed: confirmedCount() });
  process.disconnect();
}

async function measure(): Promise<void> {
  const idle = async () => {
    await delay(IDLE_MS);
    return 0;
  };
  const rows = [
    await watch('idle', { parameters: 0, plants: 0 }, idle),
    await merge('as served', { model: '1M', plants: 2, updates: 30 }),
    await merge('as served', { model: '1M', plants: 12, updates: 90 }),
    await merge('as served', { model: '25M', plants: 4, updates: 12 }),
    await merge('all in one thread', {
      model: '1M',
      plants: 2,
      updates: 30,
      options: {
        startRunner: (start) => new StrategyRunner(start),
        storeThreads: THIS_THREAD,
      },
    }),
  ];
  console.table(
    rows.map(({ aggregator, control, longestWorkMs, longestGcMs, ...row }) => ({
      ...row,
      'longest [ms]': aggregator.longestMs,
      'of the control': control.longestMs,
      'p99 [ms]': aggregator.p99Ms,
      'of the control ': control.p99Ms,
      'over 20 ms': aggregator.overCount,
      'of the control  ': control.overCount,
      'longest work [ms]': longestWorkMs,
      'longest GC [ms]': longestGcMs,
    })),
  );
  const served = rows.filter(({ name }) => name === 'as served');
  const longestMs = Math.max(...served.map(({ aggregator }) => aggregator.longestMs));
  const over = (of: 'aggregator' | 'control') => served.reduce((sum, row) => sum + row[of].overCount, 0);
  const controlMs = Math.max(...served.map((row) => row.control.longestMs));
  const workMs = Math.max(...served.map((row) => row.longestWorkMs));
  const gcMs = Math.max(...served.map((row) => row.longestGcMs));
  const verdict = (ms: number) => (ms <= BUDGET_MS ? 'kept' : 'missed');
  console.log(
    `budget ${BUDGET_MS} ms: longest work of the thread ${workMs} ms (${verdict(workMs)}), ` +
      `longest collection by the clock ${gcMs} ms (${verdict(gcMs)}), ` +
      `longest pause ${longestMs} ms (${verdict(longestMs)}; an idle process in the same seconds: ${controlMs} ms), ` +
      `pauses over it ${over('aggregator')} (the idle process: ${over('control')})`,
  );
  const machine = { cores: availableParallelism(), node: process.version };
  console.log(JSON.stringify({ bench: 'event-loop', machine, budgetMs: BUDGET_MS, rows }));
}

/** The bench with the settings of a server, which a process must be started with. */
async function measureAsServed(): Promise<void> {
  const env = { ...FLAT_MEMORY.environment, ...process.env };
  const child = fork(import.meta.filename, ['--measure'], { execArgv: [...FLAT_MEMORY.nodeOptions], env });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  process.exitCode = exitCode ?? 1;
}

const [mode, by] = process.argv.slice(2);
if (mode === '--plants') await runPlants(JSON.parse(by!));
else if (mode === '--control') await control();
else if (mode === '--measure') await measure();
else await measureAsServed();
