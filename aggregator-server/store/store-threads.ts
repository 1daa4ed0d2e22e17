import { type Prover, startProverThread } from './proof-thread.ts';
import { proveUpload } from './prove-upload.ts';
import { type OpensTables, openTablesHere } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

/** Where the store's slow work is done: waiting for the disk, and reading whole models. */
export interface StoreThreads {
  readonly openTables: OpensTables;
  readonly startProver: () => Prover;
}

/** Each in a thread of its own: the event loop of the sessions never waits for them. */
export const OWN_THREADS: StoreThreads = {
  openTables: openTablesInThread,
  startProver: startProverThread,
};

/** In the thread that opens the store: the same without the time to start threads, for tests and comparison. */
export const THIS_THREAD: StoreThreads = {
  openTables: openTablesHere,
  startProver: () => ({ prove: proveUpload, end: async () => {} }),
};
