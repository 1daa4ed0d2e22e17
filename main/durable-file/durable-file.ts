import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Nobody but this account may read it. */
const FILE_MODE = 0o600;

/**
 * Writes a file so that its name holds either the old content or the new one, whenever the power goes. On disk
 * when it returns.
 * @param prepare may give the new file its group and its mode, before it has its name
 * @throws Error of the file system, or of `prepare`; the old content stands then, and nothing else is left
 */
export function writeDurably(
  file: string,
  content: string | Uint8Array,
  prepare: (temporary: string) => void = () => undefined,
): void {
  const temporary = `${file}.${randomUUID()}.temporary`;
  try {
    const descriptor = openSync(temporary, 'wx', FILE_MODE);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    prepare(temporary);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/**
 * Copies a file, over one that is there, and has the copy on disk when it returns. Not whole or not at all: what rests
 * on a copy has to be written down after it.
 * @throws Error of the file system
 */
export function copyDurably(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  // Windows syncs only what may be written.
  const descriptor = openSync(to, process.platform === 'win32' ? 'r+' : 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(path.dirname(to));
}

/** Renames a file that is on disk already, over one that is there, so that the new name survives a power cut. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(path.dirname(to));
}

/** Makes names made or removed in a folder survive a power cut. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
