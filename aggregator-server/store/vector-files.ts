import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { asStorage, errorCodeOf } from './storage-error.ts';
import { UncachedFile } from './uncached-file.ts';
import { fill } from './verified-read.ts';

/** Below the folder of a store: files that are not complete or not taken in yet. */
export const TEMPORARY_FOLDER = 'temporary';
/** Bytes hashed between two turns of the event loop. */
const PIECE_BYTES = 1024 * 1024;
/** The system writes no more than 2 GiB at once. */
const MOST_WRITTEN_BYTES = 1024 * 1024 * 1024;

/** A vector written and synced under a name of its own, for the store to take in by its digest. */
export interface StagedVector {
  readonly path: string;
  readonly digest: string;
}

/** Names of the folders of a store that vectors lie in: the first two digits of their digests. */
export const WEIGHT_FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, first) =>
  first.toString(16).padStart(2, '0'),
);

/** Where a vector lies below the folder of the store: `ab/ab12…`, raw float32, little-endian. */
export function weightFilePath(folder: string, digest: string): string {
  return join(folder, digest.slice(0, 2), digest);
}

/**
 * Reads a whole vector and proves its digest; any thread may.
 * @param take gives the vector to fill; its length is that of the file
 * @throws AppError `store/damaged`, `server/storage`
 */
export async function readVector(
  folder: string,
  digest: string,
  take: (length: number) => Float32Array = (length) => new Float32Array(length),
): Promise<Float32Array> {
  return asStorage(async () => {
    const handle = await openVector(folder, digest);
    try {
      const { size } = await handle.stat();
      if (size % Float32Array.BYTES_PER_ELEMENT !== 0) throw damagedWeights(digest);
      const weights = take(size / Float32Array.BYTES_PER_ELEMENT);
      if (weights.byteLength !== size) throw damagedWeights(digest);
      const bytes = bytesOf(weights);
      if ((await fill(handle, bytes, 0)) !== size) throw damagedWeights(digest);
      if ((await digestOf(bytes)) !== digest) throw damagedWeights(digest);
      return weights;
    } finally {
      await handle.close();
    }
  });
}

/**
 * Writes a vector where the store can take it in; on return its bytes survive a power cut, its name does not matter.
 * Any thread may.
 * @param how.isReadSoon whether it had better be in the system's cache: else it goes past that where it lies as
 *   `UncachedFile` needs
 * @param how.onHashed called when it is hashed, which most often is before it is written
 * @throws AppError `server/storage`
 */
export async function stageVector(
  folder: string,
  weights: Float32Array,
  { isReadSoon = true, onHashed }: { readonly isReadSoon?: boolean; readonly onHashed?: () => void } = {},
): Promise<StagedVector> {
  const bytes = bytesOf(weights);
  return staged(folder, async (handle, path) => {
    // Its digest is not needed before its name is, so this thread computes it while the disk works.
    const writing = isReadSoon ? writeThrough(handle, bytes) : writePastCache(handle, path, bytes);
    const hashing = digestOf(bytes).finally(onHashed);
    const [digest] = await settled([hashing, writing]);
    return digest;
  });
}

/**
 * The same for a vector that comes piece by piece.
 * @throws AppError `server/storage`, and what the pieces throw; nothing is left behind then
 */
export async function stagePieces(folder: string, pieces: AsyncIterable<Uint8Array>): Promise<StagedVector> {
  return staged(folder, async (handle) => {
    const hash = createHash('sha256');
    for await (const piece of pieces) {
      hash.update(piece);
      await handle.writeFile(piece);
    }
    await handle.datasync();
    return hash.digest('hex');
  });
}

/** @param write writes and syncs a new file, and gives its digest */
async function staged(
  folder: string,
  write: (handle: FileHandle, path: string) => Promise<string>,
): Promise<StagedVector> {
  return asStorage(async () => {
    const path = join(folder, TEMPORARY_FOLDER, randomUUID());
    const handle = await open(path, 'wx');
    try {
      const digest = await write(handle, path);
      await handle.close();
      return { path, digest };
    } catch (thrown) {
      await handle.close();
      await rm(path, { force: true });
      throw thrown;
    }
  });
}

/** Removes staged vectors that nobody will take in. Best effort: what stays is cleared at the next start. */
export async function discardStaged(staged: readonly StagedVector[]): Promise<void> {
  await Promise.allSettled(staged.map(({ path }) => rm(path, { force: true })));
}

/** Opens a stored vector. @throws AppError `store/damaged` when it is missing, or a system error */
export async function openVector(folder: string, digest: string): Promise<FileHandle> {
  try {
    return await open(weightFilePath(folder, digest), 'r');
  } catch (thrown) {
    // A missing file in a folder that still exists is lost data; a missing folder is a missing disk.
    if (errorCodeOf(thrown) === 'ENOENT' && (await exists(folder))) throw damagedWeights(digest);
    throw thrown;
  }
}

/** The memory of a vector. */
export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Sha256 in hexadecimal; between two pieces the event loop turns. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; offset < bytes.byteLength; offset += PIECE_BYTES) {
    hash.update(bytes.subarray(offset, offset + PIECE_BYTES));
    await setImmediate();
  }
  return hash.digest('hex');
}

/** In as few calls as the system allows: one that waits for this thread between pieces would wait for its hashing. */
async function writeThrough(handle: FileHandle, bytes: Uint8Array, from = 0): Promise<void> {
  for (let written = from; written < bytes.byteLength; ) {
    const wanted = Math.min(bytes.byteLength - written, MOST_WRITTEN_BYTES);
    written += (await handle.write(bytes, written, wanted, written)).bytesWritten;
  }
  await handle.datasync();
}

async function writePastCache(handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  const file = await UncachedFile.open(path, bytes.byteLength);
  let written = 0;
  try {
    if (file !== null) written = await file.write(bytes, { from: 0, to: bytes.byteLength });
  } finally {
    await file?.close();
  }
  await writeThrough(handle, bytes, written);
}

/** What all give, or the first error once none of them works any more. */
export async function settled<Results extends readonly unknown[]>(
  work: {
    readonly [Index in keyof Results]: Results[Index] | Promise<Results[Index]>;
  },
): Promise<Results> {
  await Promise.allSettled(work);
  // The compiler does not see that awaiting each element of the mapped type gives the tuple back.
  return (await Promise.all(work)) as unknown as Results;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function damagedWeights(digest: string): AppError {
  return new AppError('store/damaged', { detail: `weights ${digest}` });
}
