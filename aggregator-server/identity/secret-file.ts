import { dirname } from 'node:path';
import { makeFolder, writeDurably } from '../store/durable-file.ts';
import { textIfPresent } from '../store/present-file.ts';
import { asStorage } from '../store/storage-error.ts';

/** Readable by the account that wrote it only. Windows has no such bits: the folder's own rights count there. */
const OWNER_ONLY = { file: 0o600, folder: 0o700 } as const;

/**
 * Writes a file that nobody else may read, whole or not at all, also over a power cut; its folder is made where it
 * does not exist.
 * @throws AppError `server/storage`
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  await asStorage(async () => {
    await makeFolder(dirname(path), OWNER_ONLY.folder);
    await writeDurably(path, text, OWNER_ONLY.file);
  });
}

/** @returns null where there is no such file @throws AppError `server/storage` */
export function readSecretFile(path: string): Promise<string | null> {
  return asStorage(() => textIfPresent(path));
}
