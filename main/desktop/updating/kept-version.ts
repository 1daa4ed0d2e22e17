import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DATABASE_FILE } from '../../agent/data-folder.ts';
import { copyDurably, renameDurably, syncFolder } from '../../durable-file/durable-file.ts';

/** In the window's folder: what an update is gone back by. */
export const KEPT_FOLDER = 'update-kept';

/** Beside a database, what SQLite has not brought into it yet. */
const WAL = '-wal';
const SHARED_MEMORY = '-shm';

/** What is kept of the version before an update. */
export interface KeptVersion {
  /** The AppImage or installer; null where there is none. */
  readonly keptProgram: string | null;
  /** The agent's database; null where there was none yet. */
  readonly keptDatabase: string | null;
}

/**
 * Keeps the program and the agent's database as they are, to go back by, on the disk when it returns. The agent must
 * have stopped.
 * @param from.program the AppImage, or the installer that this version came by
 * @throws Error where there is no room for it
 */
export function keepVersion(
  folder: string,
  from: { readonly program: string; readonly dataFolder: string },
): KeptVersion {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keptProgram = join(folder, basename(from.program));
  const hasProgram = existsSync(from.program);
  if (hasProgram) linkOrCopy(from.program, keptProgram);
  const database = join(from.dataFolder, DATABASE_FILE);
  const keptDatabase = join(folder, DATABASE_FILE);
  const hasDatabase = existsSync(database);
  if (hasDatabase) {
    copyDurably(database, keptDatabase);
    // Left by an agent that was killed: part of the database all the same.
    if (existsSync(database + WAL)) copyDurably(database + WAL, keptDatabase + WAL);
  }
  return { keptProgram: hasProgram ? keptProgram : null, keptDatabase: hasDatabase ? keptDatabase : null };
}

/** Puts a kept AppImage back to where it was; whole or not at all. */
export function restoreProgram(kept: string, program: string): void {
  const fresh = `${program}.new`;
  rmSync(fresh, { force: true });
  linkOrCopy(kept, fresh);
  chmodSync(fresh, 0o755);
  renameDurably(fresh, program);
  // Still there where the program was put back before: renaming one name of a file to another of its names does nothing.
  rmSync(fresh, { force: true });
}

/**
 * Puts a kept database back where a newer version has changed its form, which the version before cannot read. Where it
 * has not, the newer file holds all that the kept one does, and stays. The agent must have stopped.
 * @returns whether it was put back
 */
export function restoreDatabase(kept: string, dataFolder: string): boolean {
  const database = join(dataFolder, DATABASE_FILE);
  if (!isNewer(database, kept)) return false;
  const fresh = `${database}.new`;
  copyDurably(kept, fresh);
  for (const suffix of [WAL, SHARED_MEMORY]) rmSync(database + suffix, { force: true });
  // Before the database, whose form says that nothing is left to do. Until then nobody opens either.
  if (existsSync(kept + WAL)) copyDurably(kept + WAL, database + WAL);
  renameDurably(fresh, database);
  return true;
}

/** Whether one database has another form than the one it was. */
function isNewer(database: string, kept: string): boolean {
  // What was not brought in yet may hold the change of the form.
  if ((statSync(database + WAL, { throwIfNoEntry: false })?.size ?? 0) > 0) return true;
  return formOf(database) !== formOf(kept);
}

/** Where SQLite's file format has the number of the form (`user_version`), bytes. */
const FORM_OFFSET = 60;

function formOf(database: string): number | null {
  if (!existsSync(database)) return null;
  const file = openSync(database, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return readSync(file, bytes, 0, 4, FORM_OFFSET) === 4 ? bytes.readUInt32BE(0) : null;
  } finally {
    closeSync(file);
  }
}

/** A second name costs nothing; where the disk is another one, it is a copy. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
    syncFolder(dirname(to));
  } catch {
    copyDurably(from, to);
  }
}
