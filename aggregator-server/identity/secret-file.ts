import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renameDurably, syncFolder } from '../store/durable-file.ts';
import { errorCodeOf, storageError } from '../store/storage-error.ts';

/** Readable by the account that wrote it only. Windows has no such bits: the folder's own rights count there. */
const OWNER_ONLY = { file: 0o600, folder: 0o700 } as const;

/**
 * Writes a file that nobody else may read, whole or not at all, also over a power cut; its folder is made where it
 * does not exist.
 * @throws AppError `server/storage`
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  try {
    const created = await mkdir(folder, { recursive: true, mode: OWNER_ONLY.folder });
    if (created !== undefined) await syncFolder(dirname(created));
    const temporary = join(folder, `${randomUUID()}.temporary`);
    try {
      const handle = await open(temporary, 'wx', OWNER_ONLY.file);
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
  } catch (thrown) {
    throw storageError(thrown);
  }
}

/** @returns null where there is no such file @throws AppError `server/storage` */
export async function readSecretFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (errorCodeOf(thrown) === 'ENOENT') return null;
    throw storageError(thrown);
  }
}
