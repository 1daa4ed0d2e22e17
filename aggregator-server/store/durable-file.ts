import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes names created, renamed or removed in a folder survive a power cut. Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a folder whose own name is durable; its parent must exist.
 * @param mode rights of a new folder; the system's usual ones when left out
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const created = await mkdir(folder, { recursive: true, mode });
  if (created !== undefined) await syncFolder(dirname(created));
}

/** Renames a file that is already synced, replacing the target, and makes the new name durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/**
 * Writes a text file whole or not at all, also over a power cut; its folder must exist.
 * @param mode rights of the file; the system's usual ones when left out
 */
export async function writeDurably(path: string, text: string, mode?: number): Promise<void> {
  const temporary = join(dirname(path), `${randomUUID()}.temporary`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameDurably(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
