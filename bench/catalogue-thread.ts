/**
 * What a call to the catalogue costs through its thread and without one: `node bench/catalogue-thread.ts`. Reads, and
 * writes that are synced, one after the other and many at once; and how long the caller's own thread is busy per call,
 * which is what the thread is for. Prints a table, and JSON on the last line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalogue } from '../aggregator-server/store/catalogue.ts';
import { OWN_THREADS, THIS_THREAD } from '../aggregator-server/store/store-threads.ts';

const CALLS = 400;
const AT_ONCE = 50;
const TASK_ID = 'bench';

interface Row {
  readonly where: string;
  readonly call: string;
  readonly atOnce: number;
  readonly microsPerCall: number;
  /** Time in which the caller's event loop could do nothing else. */
  readonly blockedMicrosPerCall: number;
}

async function measure(
  names: Pick<Row, 'where' | 'call'>,
  atOnce: number,
  call: (index: number) => Promise<unknown>,
): Promise<Row> {
  const startedAt = performance.now();
  const before = performance.eventLoopUtilization();
  for (let index = 0; index < CALLS; index += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, offset) => call(index + offset)));
  }
  const { active } = performance.eventLoopUtilization(before);
  const inMicros = (milliseconds: number) => Math.round((milliseconds / CALLS) * 1000);
  const microsPerCall = inMicros(performance.now() - startedAt);
  return { ...names, atOnce, microsPerCall, blockedMicrosPerCall: inMicros(active) };
}

async function rowsOf(where: string, catalogue: Catalogue): Promise<Row[]> {
  const createdAt = new Date().toISOString();
  const state = { globalVersion: 0, vectors: { globalWeights: '0'.repeat(64) }, scalars: {} };
  await catalogue.createTask({ taskId: TASK_ID, manifestDigest: 'm', settings: '{}', state, createdAt });
  const see = (index: number) =>
    catalogue.seeClient({ taskId: TASK_ID, clientId: `c${index}`, plantName: '第一工場', seenAt: createdAt });
  const find = (index: number) => catalogue.findClient(TASK_ID, `c${index}`);
  const rows: Row[] = [];
  for (const atOnce of [1, AT_ONCE]) {
    rows.push(await measure({ where, call: 'write, synced' }, atOnce, see));
    rows.push(await measure({ where, call: 'read' }, atOnce, find));
  }
  return rows;
}

const rows: Row[] = [];
for (const [where, { openTables }] of [
  ['in this thread', THIS_THREAD],
  ['in a thread of its own', OWN_THREADS],
] as const) {
  const folder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
  const { tables, close } = await openTables(join(folder, 'catalogue.sqlite'));
  rows.push(...(await rowsOf(where, tables.catalogue)));
  await close();
  await rm(folder, { recursive: true, force: true });
}
console.table(rows);
const machine = { cores: availableParallelism(), node: process.version };
console.log(JSON.stringify({ bench: 'catalogue-thread', machine, calls: CALLS, rows }));
