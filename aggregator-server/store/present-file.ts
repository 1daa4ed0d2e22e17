import { readFile, stat } from 'node:fs/promises';
import { errorCodeOf } from './storage-error.ts';

/** The content of a text file; null where there is no such file. */
export function textIfPresent(path: string): Promise<string | null> {
  return unlessMissing(() => readFile(path, 'utf8'), null);
}

/** Bytes of a file; 0 where there is no such file. */
export function sizeIfPresent(path: string): Promise<number> {
  return unlessMissing(async () => (await stat(path)).size, 0);
}

async function unlessMissing<Found, Missing>(
  look: () => Promise<Found>,
  missing: Missing,
): Promise<Found | Missing> {
  try {
    return await look();
  } catch (thrown) {
    if (errorCodeOf(thrown) === 'ENOENT') return missing;
    throw thrown;
  }
}
