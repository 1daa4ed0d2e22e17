import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the browser inside the window keeps its own files: in the data folder, or, where that belongs to the account of
 * a service, with the files of the account that looks. One per data folder, so that several plants can be watched.
 * @param ownFolder where Electron would keep them
 */
export function windowFolder(dataFolder: string, ownFolder: string): string {
  const inside = join(dataFolder, 'window');
  try {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    accessSync(inside, constants.W_OK);
    return inside;
  } catch {
    return join(ownFolder, createHash('sha256').update(dataFolder).digest('hex').slice(0, 16));
  }
}
