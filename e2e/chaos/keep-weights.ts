/**
 * Preloaded into the aggregator (`node --import`): what it lets go of is copied to the folder GENBA_CHAOS_KEEP first, so
 * that a test can do all merges again afterwards.
 */
import { copyFileSync, promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

const keep = process.env.GENBA_CHAOS_KEEP!;

/** A vector, named by its content. */
const DIGEST = /^[0-9a-f]{64}$/;

const { unlink } = promises;
promises.unlink = async (file) => {
  const name = path.basename(String(file));
  if (DIGEST.test(name)) {
    try {
      copyFileSync(file, path.join(keep, name));
    } catch {
      // It is not there: then there is nothing to remove either.
    }
  }
  await unlink(file);
};
syncBuiltinESMExports();
