import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import Database from 'better-sqlite3';
import { DATABASE_FILE } from '../data-folder.ts';
import { INITIAL_SCHEMA } from './migrations/0001-initial.ts';
import { IDENTITY_SCHEMA } from './migrations/0002-identity.ts';
import { REFERENCE } from './migrations/0003-reference.ts';
import { HELD_UPDATES } from './migrations/0004-held.ts';
import { OUTGOING_SCHEMA } from './migrations/0005-outgoing.ts';
import { LEDGER_SCHEMA } from './migrations/0006-ledger.ts';
import { EXCHANGE_SCHEMA } from './migrations/0007-exchange.ts';
import { LABELS_SCHEMA } from './migrations/0008-labels.ts';
import { MODELS_SCHEMA } from './migrations/0009-models.ts';
import { WATCHED_FILES_SCHEMA } from './migrations/0010-watched-files.ts';
import { SHIFTS_SCHEMA } from './migrations/0011-shifts.ts';
import { SCORES_SCHEMA } from './migrations/0012-scores.ts';

export type AgentDatabase = Database.Database;

/** Forward only, numbered by position from 1; a shipped one is never edited. */
const MIGRATIONS = [
  INITIAL_SCHEMA,
  IDENTITY_SCHEMA,
  REFERENCE,
  HELD_UPDATES,
  OUTGOING_SCHEMA,
  LEDGER_SCHEMA,
  EXCHANGE_SCHEMA,
  LABELS_SCHEMA,
  MODELS_SCHEMA,
  WATCHED_FILES_SCHEMA,
  SHIFTS_SCHEMA,
  SCORES_SCHEMA,
];

/** A plant's data is nobody else's to read. Windows has no such modes: there, the folder inherits its parent's rights. */
const FOLDER_MODE = 0o700;

/** How long a start waits for another agent on the same folder to go away, milliseconds. */
const LOCK_WAIT_MS = 2000;

/**
 * Opens the agent's database and holds it alone until the process ends: SQLite's own lock on the file is the
 * lock on the data folder, and the operating system frees it however the process dies.
 * @param folder the agent's data folder; created if missing, for this account only
 * @throws AppError `startup/data-not-writable`, `startup/already-running`, `store/newer-database`
 */
export function openAgentDatabase(folder: string): AgentDatabase {
  const database = openFile(folder);
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    // A finished round and its queued update must survive a power cut: WAL alone would only sync at checkpoints.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new AppError('startup/already-running', { detail: folder, cause: error });
    }
    throw error;
  }
}

function openFile(folder: string): AgentDatabase {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    return new Database(path.join(folder, DATABASE_FILE), { timeout: LOCK_WAIT_MS });
  } catch (cause) {
    throw new AppError('startup/data-not-writable', { detail: folder, cause });
  }
}

/** Brings the schema up to date; each step and its version number commit together. */
function migrate(database: AgentDatabase): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new AppError('store/newer-database', {
      detail: `schema ${version}, known up to ${MIGRATIONS.length}`,
    });
  }
  const upgrade = database.transaction(() => {
    MIGRATIONS.slice(version).forEach((schema, index) => {
      database.exec(schema);
      database.pragma(`user_version = ${version + index + 1}`);
    });
  });
  // Immediate, also when there is nothing to do: taking the write lock is what finds another agent.
  upgrade.immediate();
}
