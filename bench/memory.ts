/**
 * Whether the server's memory grows with the number of clients: 2,000 different ones join at different versions of a
 * 1 M-parameter model, report once and fetch their reply, after 1,000 others did: `node bench/memory.ts`. Under the relay
 * each has start weights of its own afterwards, 4 MB on disk: 12 GB in the folder for temporary files. Server and clients
 * are processes of their own. Prints a table of memory after forced collections, its slope per client, and the figures as
 * JSON on the last line.
 * Budget: at most a thousandth of the model per client.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { weightLayout } from '@genba/shared/model/layout';
import { benchTask } from './bench-task.ts';
import { machine, machineLine, rounded, slope } from './figures.ts';
import { type PreparedUpdate, preparedUpdate, ReportingPlant } from './reporting-plant.ts';
import { type MemoryFigures, ServerProcess } from './server-process.ts';

const { values: choices } = parseArgs({ options: { clients: { type: 'string', default: '2000' } } });
/** Fewer for a trial: `--clients 500`. */
const CLIENTS = Number(choices.clients);
const STEPS = 10;
/**
 * Clients before the first figure, as a share of the others. Heaps, malloc's arena and the pools of threads take what they
 * need at most one time or another, megabytes at once, and keep it: that is not growth with clients, and over hundreds of
 * them it looks like it.
 */
const WARM_UP = 0.5;
/** Clients connected at once. */
const AT_ONCE = 4;
/** Of the model's size, per client. */
const BUDGET = 1 / 1_000;

const LENGTH = weightLayout(benchTask('1 M')).size;
const SIZE_BYTES = LENGTH * Float32Array.BYTES_PER_ELEMENT;
/** What the start weights take, and as much again for what is under way. */
const NEEDED_BYTES = 1.2 * (1 + WARM_UP) * CLIENTS * SIZE_BYTES;

interface Step {
  readonly clients: number;
  readonly memory: MemoryFigures;
}

/** Lets new clients report, some at a time. */
async function reportFrom(count: number, address: string, updates: readonly PreparedUpdate[]): Promise<void> {
  let left = count;
  await Promise.all(
    updates.map(async (update) => {
      while (left-- > 0) {
        const plant = await ReportingPlant.join(address);
        await plant.report(update);
        await plant.close();
      }
    }),
  );
}

/** Bytes per client, by least squares over the steps. */
function growth(steps: readonly Step[], pick: (memory: MemoryFigures) => number): number {
  return slope(steps.map(({ clients, memory }) => ({ x: clients, y: pick(memory) })));
}

function total(threads: MemoryFigures['threads'], what: 'external' | 'heapTotal'): number {
  return threads.reduce((sum, thread) => sum + thread[what], 0);
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw new Error(
    `${folder} has ${bavail * bsize} bytes free, ${NEEDED_BYTES} are needed (TMPDIR names another)`,
  );
}

const dataFolder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
try {
  await requireSpace(dataFolder);
  const server = await ServerProcess.start({ dataFolder, model: '1 M' });
  const updates = Array.from({ length: AT_ONCE }, (_, seed) => preparedUpdate(LENGTH, seed + 1));
  const steps: Step[] = [];
  await reportFrom(WARM_UP * CLIENTS, server.address, updates);
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) await reportFrom(CLIENTS / STEPS, server.address, updates);
    await server.whenIdle();
    steps.push({ clients: (WARM_UP + step / STEPS) * CLIENTS, memory: await server.memory() });
  }
  await server.stop();

  const residentPerClient = growth(steps, ({ rss }) => rss);
  const heldPerClient = growth(steps, ({ heapUsed, external }) => heapUsed + external);
  console.log(machineLine());
  console.table(
    steps.map(({ clients, memory }) => ({
      clients,
      'resident [MB]': rounded(memory.rss / 1e6, 1),
      'heap [MB]': rounded(memory.heapUsed / 1e6, 1),
      'external [MB]': rounded(memory.external / 1e6, 1),
      // As the system has given them out, used or not.
      ...Object.fromEntries(
        memory.threads.map(({ name, heapTotal }) => [`${name} heap [MB]`, rounded(heapTotal / 1e6, 1)]),
      ),
      "threads' external [MB]": rounded(total(memory.threads, 'external') / 1e6, 1),
      ...(memory.resident && {
        'malloc [MB]': rounded(memory.resident.arenas / 1e6, 1),
        'mapped [MB]': rounded(memory.resident.mapped / 1e6, 1),
      }),
    })),
  );
  const isWithinBudget = Math.max(residentPerClient, heldPerClient) <= BUDGET * SIZE_BYTES;
  console.log(
    `per client: resident ${rounded(residentPerClient / 1e3)} kB, heap and external ${rounded(heldPerClient / 1e3)} kB; ` +
      `budget ${rounded((BUDGET * SIZE_BYTES) / 1e3, 1)} kB, a thousandth of its model: ${isWithinBudget ? 'kept' : 'missed'}`,
  );
  console.log(
    JSON.stringify({
      bench: 'memory',
      machine: machine(),
      budgetBytesPerClient: BUDGET * SIZE_BYTES,
      residentPerClient,
      heldPerClient,
      steps,
    }),
  );
} finally {
  await rm(dataFolder, { recursive: true, force: true });
}
