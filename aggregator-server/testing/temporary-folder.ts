import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where a test's files lie on a disk: a system may keep its own folder for temporary files in memory. */
export const ON_DISK = process.platform === 'linux' ? '/var/tmp' : tmpdir();

/** A folder that is removed when the running test ends. */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'genba aggregator 試験 '));
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}
