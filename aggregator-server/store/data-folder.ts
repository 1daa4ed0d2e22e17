import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@genba/shared/errors/app-error';
import Sqlite, { type Database } from 'better-sqlite3';
import { makeFolder } from './durable-file.ts';
import { errorCodeOf } from './storage-error.ts';

/** Where things lie in a data folder, and in a backup of one. */
export interface DataFolderPaths {
  readonly cataloguePath: string;
  readonly weightsPath: string;
  readonly transfersPath: string;
  /** Descriptions of the tasks, see task-files.ts. */
  readonly tasksPath: string;
  /** Files of devices without a network, until they are taken in. */
  readonly importsPath: string;
  /** Authority, certificates and addresses, see the folder `identity/` of the program. */
  readonly identityPath: string;
  /** The app's own installers as they are offered to the PCs, see the folder `updates/` of the program. */
  readonly updatesPath: string;
}

/** The lock of a data folder. */
export const LOCK_NAME = 'lock.sqlite';

/** Begins the name of a folder that a restore, backup or export fills; it is gone when the work is complete. */
export const INCOMPLETE_PREFIX = 'incomplete-';

export function dataFolderPaths(path: string): DataFolderPaths {
  return {
    cataloguePath: join(path, 'catalogue.sqlite'),
    weightsPath: join(path, 'weights'),
    transfersPath: join(path, 'transfers'),
    tasksPath: join(path, 'tasks'),
    importsPath: join(path, 'imports'),
    identityPath: join(path, 'identity'),
    updatesPath: join(path, 'updates'),
  };
}

/** How often a folder that is taken is tried again, milliseconds. */
const RETRY_MS = 100;

/** The aggregator's data folder, held by this process alone. */
export interface DataFolder extends DataFolderPaths {
  /** Lets another process use the folder. */
  release(): void;
}

/**
 * Creates the folder where needed and locks it. The lock is an open exclusive transaction of a small SQLite file:
 * the operating system drops it with the process, however that ends, on every platform.
 * @param how.patienceMs how long to wait for another process to let go of it
 * @throws AppError `startup/data-not-writable`, `startup/already-running`
 */
export async function openDataFolder(
  path: string,
  { patienceMs = 0 }: { readonly patienceMs?: number } = {},
): Promise<DataFolder> {
  try {
    await makeFolder(path);
  } catch (cause) {
    throw notWritable(path, cause);
  }
  const lock = await waitForLock(path, performance.now() + patienceMs);
  return { ...dataFolderPaths(path), release: () => lock.close() };
}

/** @param deadline on the clock of `performance.now()`; the lock is tried once in any case */
async function waitForLock(path: string, deadline: number): Promise<Database> {
  for (;;) {
    const lock = takeLock(path);
    if (lock !== null) return lock;
    if (performance.now() >= deadline) throw new AppError('startup/already-running', { detail: path });
    await delay(RETRY_MS);
  }
}

/** @returns null where another process has it */
function takeLock(path: string): Database | null {
  let lock: Database | undefined;
  try {
    lock = new Sqlite(join(path, LOCK_NAME), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (errorCodeOf(cause)?.startsWith('SQLITE_BUSY')) return null;
    throw notWritable(path, cause);
  }
}

function notWritable(path: string, cause: unknown): AppError {
  const code = errorCodeOf(cause);
  return new AppError('startup/data-not-writable', {
    detail: code === null ? path : `${path}: ${code}`,
    cause,
  });
}
