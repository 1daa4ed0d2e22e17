import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AggregatorStatus, aggregatorStatusSchema } from '@genba/shared/protocol/status';
import Sqlite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { RunnerStart } from '../engine/merge-runner.ts';
import { StrategyRunner } from '../engine/strategy-runner.ts';
import { type Aggregator, type AggregatorOptions, startAggregator } from '../server.ts';
import { THIS_THREAD } from '../store/store-threads.ts';
import { smallTask } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Starts an aggregator in a temporary folder; it stops when the running test ends. */
export async function startForTest(
  options: Partial<AggregatorOptions> = {},
): Promise<Aggregator & { dataFolder: string }> {
  const dataFolder = options.dataFolder ?? (await temporaryFolder());
  // In this thread: starting some each would take most of the time. Tests of the program itself run with threads.
  const startRunner = (start: RunnerStart) => new StrategyRunner(start);
  const aggregator = await startAggregator({
    tasks: [smallTask()],
    port: 0,
    security: { kind: 'open-loopback' },
    startRunner,
    storeThreads: THIS_THREAD,
    ...options,
    dataFolder,
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await aggregator.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { ...aggregator, close, dataFolder };
}

export async function statusOf(address: string): Promise<AggregatorStatus> {
  const response = await fetch(`${address}/status`);
  return aggregatorStatusSchema.parse(await response.json());
}

/** Everything the catalogue holds, apart from when clients were last seen. */
export function catalogueContent(dataFolder: string): Record<string, unknown[]> {
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'), { readonly: true });
  try {
    const tables = ['tasks', 'task_state', 'task_vectors', 'client_vectors', 'versions', 'bases', 'updates'];
    const content = Object.fromEntries(
      tables.map((table) => [table, database.prepare(`SELECT * FROM ${table}`).all()]),
    );
    return {
      ...content,
      clients: database.prepare('SELECT task_id, client_id, plant_name, base_id FROM clients').all(),
      integrity: database.prepare('PRAGMA integrity_check').all(),
    };
  } finally {
    database.close();
  }
}

/** The weights a digest of `/status` names, read as an outside reader would. */
export async function readWeightFile(dataFolder: string, digest: string): Promise<Uint8Array> {
  return readFile(join(dataFolder, 'weights', digest.slice(0, 2), digest));
}
