import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DataFolder, LOCK_NAME, openDataFolder } from '../store/data-folder.ts';
import { copyStore } from './copy-store.ts';
import { fillFolder, requireEmpty } from './staged-folder.ts';
import { requireSound, type Verification, type VerifyOptions, verify } from './verify.ts';

/** Left behind in a data folder by a server or an earlier restore, and worth nothing. */
const LOCK_NAMES = [LOCK_NAME, `${LOCK_NAME}-journal`];

/**
 * Makes a data folder from a backup, after checking the backup. No server can start on the folder meanwhile, nor
 * after a restore that was cut off.
 * @returns the finding about the restored folder, which is sound
 * @throws AppError `startup/already-running`, `startup/data-not-writable`, `operation/*`, `store/damaged`,
 *   `store/newer-database`, `server/storage`
 */
export async function restore({
  from,
  dataFolder,
  auditHeads,
  ...work
}: { readonly from: string } & VerifyOptions): Promise<Verification> {
  requireSound(await verify({ dataFolder: from, auditHeads, ...work }));
  const path = resolve(dataFolder);
  const folder = await holdEmptyFolder(path);
  let finding: Verification | undefined;
  try {
    const target = { path, allowed: LOCK_NAMES, lastName: 'catalogue.sqlite' };
    await fillFolder(target, async (staging) => {
      finding = await copyStore({ from, to: staging, ...work });
    });
  } finally {
    folder.release();
  }
  return finding!;
}

/** Takes the folder's lock; asks for it first where a server may hold it, because that is the better answer. */
async function holdEmptyFolder(path: string): Promise<DataFolder> {
  if (!(await exists(join(path, LOCK_NAME)))) await requireEmpty({ path });
  const folder = await openDataFolder(path);
  try {
    await requireEmpty({ path, allowed: LOCK_NAMES });
    return folder;
  } catch (thrown) {
    folder.release();
    throw thrown;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
