import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** What a folder holds, with everything below it, bytes. Files that go away meanwhile do not count; links are not followed. */
export function folderBytes(folder: string): number {
  let total = 0;
  for (const entry of entriesOf(folder)) {
    const item = path.join(folder, entry.name);
    if (entry.isDirectory()) total += folderBytes(item);
    else if (entry.isFile()) total += statSync(item, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone, or another account's: then it is not ours to count.
    return [];
  }
}
