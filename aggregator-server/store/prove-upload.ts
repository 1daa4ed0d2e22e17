import { open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';
import { decodeUpdateFile, type EncodedUpdate } from './decoded-update.ts';
import { asStorage } from './storage-error.ts';
import type { StagedVector } from './vector-files.ts';
import { hashFile } from './verified-read.ts';

/** A complete file that claims to be an update. */
export interface CompleteUpload {
  readonly path: string;
  /** What its digest must be. */
  readonly sha256: string;
  /** What it leads to, where it holds a delta; left out where it holds weights. */
  readonly delta?: Omit<EncodedUpdate, 'path'>;
}

/**
 * Reads all of an update and refuses it unless it is what it claims to be and fit to be merged.
 * @returns its weights: the file itself, or a new one with what its delta leads to
 * @throws AppError `update/digest-mismatch`, `update/not-finite`, `update/encoding-refused`, `server/storage`
 */
export type ProveUpload = (upload: CompleteUpload) => Promise<StagedVector>;

/** Does so in this thread, in slices between which the event loop turns. @throws as {@link ProveUpload} */
export async function proveUpload({ path, sha256, delta }: CompleteUpload): Promise<StagedVector> {
  let areMergeable = true;
  const { digest } = await asStorage(async () => {
    const handle = await open(path, 'r');
    try {
      return await hashFile(handle, (piece) => {
        if (delta !== undefined) return;
        const count = Math.floor(piece.byteLength / Float32Array.BYTES_PER_ELEMENT);
        areMergeable &&= fastestKernels().isMergeable(
          new Float32Array(piece.buffer, piece.byteOffset, count),
        );
      });
    } finally {
      await handle.close();
    }
  });
  if (digest !== sha256) throw new AppError('update/digest-mismatch');
  if (!areMergeable) throw new AppError('update/not-finite');
  return delta === undefined ? { path, digest: sha256 } : decodeUpdateFile({ path, ...delta });
}
