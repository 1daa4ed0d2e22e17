/**
 * What connected clients cost the server, and how soon the active ones among them are answered: 1,000 idle clients, then
 * 10,000, then 200 more that report a 100 k-parameter model: `node bench/connections.ts`. Server, idle clients and
 * active clients are processes of their own; an idle client is a whole session past its welcome, which answers pings.
 * Prints tables, and the figures as JSON on the last line.
 * Budgets: at most 40 kB of resident memory per connection; in the end no more than 10 % above that.
 * Needs about 10,300 open files per process: Node raises its own limit as far as the system lets it (`ulimit -Hn`).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { weightLayout } from '@genba/shared/model/layout';
import { HEARTBEAT_MS } from '@genba/shared/protocol/limits';
import { TestClient } from '../aggregator-server/testing/test-client.ts';
import { benchTask } from './bench-task.ts';
import { machine, machineLine, quantile, rounded } from './figures.ts';
import { preparedUpdate, ReportingPlant } from './reporting-plant.ts';
import { type MemoryFigures, ServerProcess } from './server-process.ts';

const FEW_IDLE = 1_000;
const MANY_IDLE = 10_000;
const ACTIVE = 200;
/** Each active client reports once per period, at a moment of its own. */
const REPORT_PERIOD_MS = 20_000;
const REPORTS_EACH = 2;
/** How many connections are opened at once. */
const OPENING_AT_ONCE = 50;
const BUDGET = { bytesPerConnection: 40e3, above: 1.1 };
const MODEL = '100 k';

/** The server with so many clients, at rest. */
interface Stage {
  readonly name: string;
  readonly idle: number;
  readonly active: number;
  readonly memory: MemoryFigures;
  /** Of its event loop over more than one heartbeat. */
  readonly longestPauseMs: number;
  /** Over the same time, per second. */
  readonly cpuMsPerSecond: number;
}

interface Latencies {
  readonly reports: number;
  /** From the last byte in to the reply at the client. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs the other half of this file in a process, which answers each message with one. */
class Clients {
  readonly #child: ChildProcess;

  constructor(mode: '--idle' | '--active', address: string) {
    this.#child = fork(import.meta.filename, [mode, address]);
  }

  /** Asks for a number of clients, and waits until they have done their work. */
  async run(count: number): Promise<unknown> {
    this.#child.send(count);
    const [answer] = (await once(this.#child, 'message')) as [unknown];
    return answer;
  }

  /** Cuts them all. */
  async end(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

async function serveIdle(address: string): Promise<void> {
  let opened = 0;
  process.on('message', async (count: number) => {
    const opening = Array.from({ length: OPENING_AT_ONCE }, async () => {
      // Their sockets keep the clients alive.
      while (opened < count) await TestClient.join(address, { plantName: `plant ${opened++}` });
    });
    await Promise.all(opening);
    process.send?.('open');
  });
}

async function serveActive(address: string): Promise<void> {
  const length = weightLayout(benchTask(MODEL)).size;
  process.on('message', async (count: number) => {
    const plants: ReportingPlant[] = [];
    while (plants.length < count) plants.push(await ReportingPlant.join(address));
    const waits: number[] = [];
    const lives = plants.map(async (plant, index) => {
      const update = preparedUpdate(length, index + 1);
      await delay((REPORT_PERIOD_MS * index) / count);
      for (let report = 0; report < REPORTS_EACH; report++) {
        const startedAt = performance.now();
        const { sent, answered } = await plant.report(update);
        waits.push(answered - sent);
        await delay(Math.max(0, REPORT_PERIOD_MS - (performance.now() - startedAt)));
      }
    });
    await Promise.all(lives);
    process.send?.(waits);
  });
}

/** Looks at the server for a little more than one heartbeat. */
async function stageOf(
  server: ServerProcess,
  stage: Pick<Stage, 'name' | 'idle' | 'active'>,
): Promise<Stage> {
  await server.whenIdle();
  await server.longestPauseMs();
  const [cpuMs, startedAt] = [await server.cpuMs(), performance.now()];
  await delay(1.2 * HEARTBEAT_MS);
  const longestPauseMs = await server.longestPauseMs();
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMsPerSecond = ((await server.cpuMs()) - cpuMs) / seconds;
  return { ...stage, memory: await server.memory(), longestPauseMs, cpuMsPerSecond };
}

function latenciesOf(waits: readonly number[]): Latencies {
  return { reports: waits.length, p50Ms: quantile(waits, 0.5), p99Ms: quantile(waits, 0.99) };
}

function print(stages: readonly Stage[], latencies: Latencies): void {
  const [, few, many, busy] = stages as [Stage, Stage, Stage, Stage];
  const bytesPerConnection = (many.memory.rss - few.memory.rss) / (MANY_IDLE - FEW_IDLE);
  const allowedBytes =
    BUDGET.above *
    (few.memory.rss +
      (MANY_IDLE - FEW_IDLE + ACTIVE) * Math.min(bytesPerConnection, BUDGET.bytesPerConnection));
  const isWithinBudget = bytesPerConnection <= BUDGET.bytesPerConnection && busy.memory.rss <= allowedBytes;
  console.log(machineLine());
  console.table(
    stages.map(({ name, memory, longestPauseMs, cpuMsPerSecond }) => ({
      server: name,
      'resident [MB]': rounded(memory.rss / 1e6, 1),
      'heap [MB]': rounded(memory.heapUsed / 1e6, 1),
      'longest pause [ms]': rounded(longestPauseMs, 1),
      'processor [ms/s]': rounded(cpuMsPerSecond, 1),
    })),
  );
  console.log(
    `an idle connection costs ${rounded(bytesPerConnection / 1e3, 1)} kB (budget ${BUDGET.bytesPerConnection / 1e3} kB); ` +
      `with all of them ${rounded(busy.memory.rss / 1e6, 1)} MB, allowed ${rounded(allowedBytes / 1e6, 1)} MB: ` +
      `${isWithinBudget ? 'kept' : 'missed'}`,
  );
  console.log(
    `${latencies.reports} reports of ${ACTIVE} clients, one each per ${REPORT_PERIOD_MS / 1000} s: ` +
      `from last byte in to reply ready p50 ${rounded(latencies.p50Ms, 1)} ms, p99 ${rounded(latencies.p99Ms, 1)} ms`,
  );
  console.log(
    JSON.stringify({
      bench: 'connections',
      machine: machine(),
      budget: BUDGET,
      stages,
      bytesPerConnection,
      allowedBytes,
      latencies,
    }),
  );
}

async function measure(): Promise<void> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
  try {
    const server = await ServerProcess.start({ dataFolder, model: MODEL });
    const idle = new Clients('--idle', server.address);
    const active = new Clients('--active', server.address);
    const stages = [await stageOf(server, { name: 'no clients', idle: 0, active: 0 })];
    for (const count of [FEW_IDLE, MANY_IDLE]) {
      await idle.run(count);
      stages.push(await stageOf(server, { name: `${count} idle`, idle: count, active: 0 }));
    }
    const waits = (await active.run(ACTIVE)) as number[];
    const name = `${MANY_IDLE} idle, ${ACTIVE} active`;
    stages.push(await stageOf(server, { name, idle: MANY_IDLE, active: ACTIVE }));
    print(stages, latenciesOf(waits));
    await idle.end();
    await active.end();
    await server.stop();
  } finally {
    await rm(dataFolder, { recursive: true, force: true });
  }
}

// The other half must not outlive the one that asks.
process.once('disconnect', () => process.exit());
const [mode, address] = process.argv.slice(2);
if (mode === '--idle') await serveIdle(address!);
else if (mode === '--active') await serveActive(address!);
else await measure();
