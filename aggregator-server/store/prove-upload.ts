import { open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { isMergeable } from '@genba/shared/federation/validate';
import { asStorage } from './vector-files.ts';
import { hashFile } from './verified-read.ts';

/** A complete file that claims to be an update. */
export interface CompleteUpload {
  readonly path: string;
  /** What its digest must be. */
  readonly sha256: string;
}

/**
 * Reads all of an update and refuses it unless it is what it claims to be and fit to be merged.
 * @throws AppError `update/digest-mismatch`, `update/not-finite`, `server/storage`
 */
export type ProveUpload = (upload: CompleteUpload) => Promise<void>;

/** Does so in this thread, in slices between which the event loop turns. @throws as {@link ProveUpload} */
export async function proveUpload({ path, sha256 }: CompleteUpload): Promise<void> {
  let areMergeable = true;
  const { digest } = await asStorage(async () => {
    const handle = await open(path, 'r');
    try {
      return await hashFile(handle, (piece) => {
        const count = Math.floor(piece.byteLength / Float32Array.BYTES_PER_ELEMENT);
        areMergeable &&= isMergeable(new Float32Array(piece.buffer, piece.byteOffset, count));
      });
    } finally {
      await handle.close();
    }
  });
  if (digest !== sha256) throw new AppError('update/digest-mismatch');
  if (!areMergeable) throw new AppError('update/not-finite');
}
