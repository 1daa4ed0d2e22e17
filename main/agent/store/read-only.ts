import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import Database from 'better-sqlite3';
import { DATABASE_FILE } from '../data-folder.ts';
import type { AgentDatabase } from './database.ts';

/**
 * Opens the database of an agent that does not run, for looking only: nothing in it changes, and no lock is held
 * between two reads for longer than a read takes.
 * @returns null where there is no database yet
 * @throws AppError `startup/already-running` while an agent has it; `startup/data-not-writable` where this account may
 *   not read it
 */
export function openReadOnly(dataFolder: string): AgentDatabase | null {
  const file = path.join(dataFolder, DATABASE_FILE);
  if (!existsSync(file)) return null;
  let database: AgentDatabase | null = null;
  try {
    database = new Database(file, { readonly: true, timeout: 0 });
    // The first look is what finds the lock.
    database.pragma('schema_version');
    return database;
  } catch (cause) {
    database?.close();
    const isLocked = cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY');
    throw new AppError(isLocked ? 'startup/already-running' : 'startup/data-not-writable', {
      detail: dataFolder,
      cause,
    });
  }
}

/**
 * Whether a process has the data folder now. Never to be asked by that process itself.
 * @throws AppError `startup/data-not-writable` where this account may not look
 */
export function isDataFolderInUse(dataFolder: string): boolean {
  try {
    openReadOnly(dataFolder)?.close();
    return false;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'startup/already-running') return true;
    throw thrown;
  }
}
