import { readdir } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { INCOMPLETE_PREFIX, openDataFolder } from './data-folder.ts';
import { PartFiles } from './part-files.ts';
import { ProvedWeights } from './proved-weights.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './retention-policy.ts';
import { OWN_THREADS, type StoreThreads } from './store-threads.ts';
import type { OpenTables, Tables } from './tables.ts';
import { WeightFiles } from './weight-files.ts';
import type { WeightStore } from './weight-store.ts';

/** Everything the aggregator keeps, open for this process alone. */
export interface Store extends Tables {
  /** See {@link OpenTables.lost}. */
  readonly lost: OpenTables['lost'];
  readonly weights: WeightStore;
  readonly parts: PartFiles;
  readonly proved: ProvedWeights;
  close(): Promise<void>;
}

/**
 * Opens a data folder: takes its lock, brings the catalogue up to date and clears what earlier stops left behind.
 * @param path the folder; created where it does not exist
 * @param options.threads where the slow work is done; in threads of its own when left out
 * @param options.policy versions that it does not keep are let go of
 * @param options.reserveBytes free disk space below which no transfer is accepted
 * @param options.mergeMemoryBytes see {@link ProvedWeights}; 0 keeps none
 * @param options.patienceMs how long to wait for another process that has the folder; not at all when left out
 * @throws AppError `startup/data-not-writable`, `startup/already-running`, `startup/restore-incomplete`,
 *   `store/newer-database`, `store/damaged`, `server/storage`
 */
export async function openStore(
  path: string,
  {
    threads = OWN_THREADS,
    policy = DEFAULT_RETENTION,
    now = new Date(),
    reserveBytes,
    mergeMemoryBytes,
    patienceMs,
  }: {
    threads?: StoreThreads;
    policy?: RetentionPolicy;
    now?: Date;
    reserveBytes?: number;
    mergeMemoryBytes?: number;
    patienceMs?: number;
  } = {},
): Promise<Store> {
  const folder = await openDataFolder(path, { patienceMs });
  let opened: OpenTables | undefined;
  try {
    await refuseIncomplete(path);
    opened = await threads.openTables(folder.cataloguePath, policy);
    const { tables, lost, close: closeTables } = opened;
    const { catalogue } = tables;
    await catalogue.retireVersions({ atTime: now.toISOString() });
    const proved = new ProvedWeights(mergeMemoryBytes);
    const weights = await WeightFiles.open(folder.weightsPath, proved);
    await weights.removeUnreferenced(await weights.list(), (digests) => catalogue.unreferenced(digests));
    const { prove, end: endProver } = threads.startProver();
    const parts = await PartFiles.open(folder.transfersPath, {
      isJournaled: async (updateId) => (await catalogue.findUpdate(updateId)) !== null,
      now,
      prove,
      proved,
      reserveBytes,
    });
    const close = async () => {
      await endProver();
      await closeTables();
      folder.release();
    };
    return { ...tables, lost, weights, parts, proved, close };
  } catch (thrown) {
    await opened?.close();
    folder.release();
    throw thrown;
  }
}

/** A half-restored folder would pass for an empty one: its plants would all start anew. */
async function refuseIncomplete(path: string): Promise<void> {
  const names = await readdir(path);
  const leftover = names.find((name) => name.startsWith(INCOMPLETE_PREFIX));
  if (leftover !== undefined) throw new AppError('startup/restore-incomplete', { detail: leftover });
}
