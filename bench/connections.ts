/**
 * What connected clients cost the server, and how soon the active ones among them are answered: 1,000 idle clients, then
 * 200 more that report a 100 k-parameter model, then 10,000 idle clients beside those, which report once more:
 * `node bench/connections.ts`. Server, idle clients and active clients are processes of their own; an idle client is a
 * whole session past its welcome, which answers pings. With `--tls` the server is as it is by default: TLS 1.3, and every
 * client a device with a key of its own, enrolled beforehand through the register, one invitation each.
 * Prints tables, and the figures as JSON on the last line.
 * Budgets: at most 40 kB of resident memory per connection without TLS (with TLS it is stated); in the end no more than
 * 10 % above 1,000 idle clients on a server that has merged, and the cost of the connections that came after. The same
 * against a server that has not merged yet, and so lacks its pools and what its threads compile, is told beside it.
 * Needs about 10,300 open files per process: Node raises its own limit as far as the system lets it (`ulimit -Hn`).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { weightLayout } from '@genba/shared/model/layout';
import { HEARTBEAT_MS } from '@genba/shared/protocol/limits';
import { withRegister } from '../aggregator-server/operations/open-register.ts';
import { TestClient } from '../aggregator-server/testing/test-client.ts';
import { TestDevice } from '../aggregator-server/testing/test-device.ts';
import { benchTask } from './bench-task.ts';
import { machine, machineLine, quantile, rounded } from './figures.ts';
import { type Joined, preparedUpdate, ReportingPlant } from './reporting-plant.ts';
import { type MemoryFigures, ServerProcess } from './server-process.ts';

const { values: choices } = parseArgs({
  options: {
    tls: { type: 'boolean', default: false },
    /** Fewer for a trial. */
    idle: { type: 'string', default: '10000' },
    clients: { type: 'string' },
  },
});
const FEW_IDLE = 1_000;
const MANY_IDLE = Number(choices.idle);
const ACTIVE = 200;
/** Each active client reports once per period, at a moment of its own. */
const REPORT_PERIOD_MS = 20_000;
const REPORTS_EACH = 2;
/** How many connections are opened at once. */
const OPENING_AT_ONCE = 50;
const BUDGET = { bytesPerConnection: 40e3, above: 1.1 };
const MODEL = '100 k';

/** How clients reach the server. */
interface Door {
  readonly address: string;
  /** Where devices have to enrol; null without TLS. */
  readonly enrolled: { readonly ca: string; readonly dataFolder: string } | null;
}

/** The server with so many clients, at rest. */
interface Stage {
  readonly name: string;
  readonly clients: number;
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

  constructor(kind: 'idle' | 'active', door: Door) {
    this.#child = fork(import.meta.filename, [
      '--idle',
      choices.idle,
      '--clients',
      JSON.stringify({ kind, door }),
    ]);
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

/** Connections as they are asked for; those to come have enrolled before the first of them is opened. */
class Dialler {
  readonly #door: Door;
  readonly #devices: TestDevice[] = [];
  #opened = 0;

  constructor(door: Door) {
    this.#door = door;
  }

  /** Has so many devices enrolled, as invitations and handshakes would do it, without their signatures. */
  async prepare(count: number): Promise<void> {
    const { enrolled } = this.#door;
    if (enrolled === null) return;
    const taskId = benchTask(MODEL).id;
    const at = new Date().toISOString();
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await withRegister(enrolled.dataFolder, async (register) => {
      for (let index = 0; index < count; index++) {
        const device = new TestDevice({ taskId });
        const { clientId, key } = device;
        // Any digest does: nobody shows the code.
        const codeDigest = key.keyId;
        const plantName = `plant ${index}`;
        await register.addInvitation({ codeDigest, taskId, plantName, expiresAt }, { at, actor: 'bench' });
        const { keyId, publicKey } = key;
        const arrival = { clientId, taskId, at, remoteAddress: '127.0.0.1' };
        await register.enrol(arrival, { keyId, publicKey, codeDigest });
        this.#devices.push(device);
      }
    });
  }

  async dial(): Promise<Joined> {
    const { address, enrolled } = this.#door;
    const number = this.#opened++;
    if (enrolled === null) return TestClient.join(address, { plantName: `plant ${number}` });
    return this.#devices[number]!.join({ address, ca: enrolled.ca });
  }
}

async function serveIdle(door: Door): Promise<void> {
  const dialler = new Dialler(door);
  let opened = 0;
  process.on('message', async (count: number) => {
    // All of them at once: it blocks, and clients that are connected must answer pings.
    if (opened === 0) await dialler.prepare(MANY_IDLE);
    const opening = Array.from({ length: OPENING_AT_ONCE }, async () => {
      // Their sockets keep the clients alive.
      while (opened < count) {
        opened++;
        await dialler.dial();
      }
    });
    await Promise.all(opening);
    process.send?.('open');
  });
}

async function serveActive(door: Door): Promise<void> {
  const length = weightLayout(benchTask(MODEL)).size;
  const dialler = new Dialler(door);
  const plants: ReportingPlant[] = [];
  process.on('message', async (count: number) => {
    if (plants.length === 0) await dialler.prepare(count);
    while (plants.length < count) plants.push(await ReportingPlant.begin(await dialler.dial()));
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
async function stageOf(server: ServerProcess, stage: Pick<Stage, 'name' | 'clients'>): Promise<Stage> {
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

/** What one idle connection more costs, once the server has merged. */
function bytesPerConnection([, , few, many]: readonly Stage[]): number {
  return (many!.memory.rss - few!.memory.rss) / (many!.clients - few!.clients);
}

function print(stages: readonly Stage[], latencies: Latencies): void {
  const [, idle, few, many, busy] = stages as [Stage, Stage, Stage, Stage, Stage];
  const perConnection = bytesPerConnection(stages);
  const isStated = choices.tls;
  const allowedPerConnection = isStated ? perConnection : BUDGET.bytesPerConnection;
  const allowedFrom = ({ memory, clients }: Stage) =>
    BUDGET.above * (memory.rss + (many.clients - clients) * Math.min(perConnection, allowedPerConnection));
  const allowedBytes = allowedFrom(few);
  const isWithinBudget = perConnection <= allowedPerConnection && busy.memory.rss <= allowedBytes;
  console.log(machineLine());
  console.table(
    stages.map(({ name, memory, longestPauseMs, cpuMsPerSecond }) => ({
      server: name,
      'resident [MB]': rounded(memory.rss / 1e6, 1),
      'heap [MB]': rounded(memory.heapUsed / 1e6, 1),
      'external [MB]': rounded(memory.external / 1e6, 1),
      ...(memory.resident && { 'malloc [MB]': rounded(memory.resident.arenas / 1e6, 1) }),
      'longest pause [ms]': rounded(longestPauseMs, 1),
      'processor [ms/s]': rounded(cpuMsPerSecond, 1),
    })),
  );
  console.log(
    `an idle connection ${isStated ? 'with' : 'without'} TLS costs ${rounded(perConnection / 1e3, 1)} kB ` +
      `(${isStated ? 'stated' : `budget ${BUDGET.bytesPerConnection / 1e3} kB`}); ` +
      `with all of them ${rounded(busy.memory.rss / 1e6, 1)} MB, allowed ${rounded(allowedBytes / 1e6, 1)} MB: ` +
      `${isWithinBudget ? 'kept' : 'missed'} (${rounded(allowedFrom(idle) / 1e6, 1)} MB from before it merged)`,
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
      tls: choices.tls,
      bytesPerConnection: perConnection,
      allowedBytes,
      allowedBeforeMergingBytes: allowedFrom(idle),
      latencies,
    }),
  );
}

async function measure(): Promise<void> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
  try {
    const server = await ServerProcess.start({ dataFolder, model: MODEL, isEnrolled: choices.tls });
    const { address } = server;
    const ca = choices.tls ? await readFile(join(dataFolder, 'identity', 'authority.pem'), 'utf8') : null;
    const door: Door = { address, enrolled: ca === null ? null : { ca, dataFolder } };
    const [idle, active] = [new Clients('idle', door), new Clients('active', door)];
    const stages = [await stageOf(server, { name: 'no clients', clients: 0 })];
    const stage = async (name: string, clients: number) =>
      stages.push(await stageOf(server, { name, clients }));
    await idle.run(FEW_IDLE);
    await stage(`${FEW_IDLE} idle`, FEW_IDLE);
    await active.run(ACTIVE);
    await stage(`${FEW_IDLE} idle, ${ACTIVE} have reported`, FEW_IDLE + ACTIVE);
    await idle.run(MANY_IDLE);
    await stage(`${MANY_IDLE} idle, the same`, MANY_IDLE + ACTIVE);
    const waits = (await active.run(ACTIVE)) as number[];
    await stage(`${MANY_IDLE} idle, ${ACTIVE} have reported again`, MANY_IDLE + ACTIVE);
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
if (choices.clients === undefined) await measure();
else {
  const { kind, door } = JSON.parse(choices.clients) as { kind: 'idle' | 'active'; door: Door };
  await (kind === 'idle' ? serveIdle(door) : serveActive(door));
}
