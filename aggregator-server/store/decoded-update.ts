import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { ELEMENT_BYTES, headerBytes } from '@genba/shared/federation/encoding/payload-size';
import { UpdateDecoder } from '@genba/shared/federation/encoding/update-decoder';
import type { DeltaEncoding } from '@genba/shared/federation/encoding/update-encoding';
import type { WeightLayout } from '@genba/shared/model/layout';
import { asStorage } from './storage-error.ts';
import { discardStaged, openVector, type StagedVector, stagePieces } from './vector-files.ts';
import { fill } from './verified-read.ts';

/** Elements decoded between two turns of the event loop. */
const PIECE_LENGTH = 65_536;

/** A complete, proved payload, and what it has to lead to. */
export interface EncodedUpdate {
  /** Its file. */
  readonly path: string;
  /** Of the weight store. */
  readonly folder: string;
  readonly encoding: DeltaEncoding;
  readonly layout: WeightLayout;
  /** Digest of S_m, the start weights its delta is against. */
  readonly startDigest: string;
  /** Digest of Ŵ as the client has decoded it. */
  readonly weightsDigest: string;
}

/**
 * Decodes a delta against the start weights in the store, and proves that the result is, bit for bit, what the client
 * counts as sent. From here on it is an update like any other: nothing that follows knows of encodings, and nothing
 * needs these start weights again. It goes piece by piece, so that a large model never blocks the event loop.
 * @throws AppError `update/not-finite`; `update/encoding-refused` when the start weights are gone, damaged, or others
 *   than the client's; `server/storage`
 */
export async function decodeUpdateFile(update: EncodedUpdate): Promise<StagedVector> {
  const { folder } = update;
  return asStorage(async () => {
    const start = await openStart(folder, update.startDigest);
    const payload = await open(update.path, 'r').catch(async (thrown) => {
      await start.close();
      throw thrown;
    });
    try {
      const staged = await stagePieces(folder, decodedPieces(update, { start, payload }));
      if (staged.digest === update.weightsDigest) return staged;
      await discardStaged([staged]);
      throw new AppError('update/encoding-refused', { detail: 'it decodes to other weights here' });
    } finally {
      await start.close();
      await payload.close();
    }
  });
}

/**
 * Whether a delta against these start weights can be decoded at all, as far as that shows without reading them.
 * @throws AppError `update/encoding-refused`, `server/storage`
 */
export async function requireStart(folder: string, startDigest: string): Promise<void> {
  return asStorage(async () => (await openStart(folder, startDigest)).close());
}

async function openStart(folder: string, digest: string): Promise<FileHandle> {
  try {
    return await openVector(folder, digest);
  } catch (thrown) {
    if (toAppError(thrown).code !== 'store/damaged') throw thrown;
    throw new AppError('update/encoding-refused', { detail: `start weights ${digest}: gone`, cause: thrown });
  }
}

async function* decodedPieces(
  { encoding, layout, startDigest }: EncodedUpdate,
  { start, payload }: { readonly start: FileHandle; readonly payload: FileHandle },
): AsyncGenerator<Uint8Array> {
  const header = new Uint8Array(headerBytes(encoding, layout));
  await fill(payload, header, 0);
  const decoder = new UpdateDecoder({ encoding, layout }, header);
  const startHash = createHash('sha256');
  for (let first = 0; first < layout.size; first += PIECE_LENGTH) {
    const length = Math.min(PIECE_LENGTH, layout.size - first);
    const weights = new Float32Array(length);
    const bytes = new Uint8Array(weights.buffer);
    const coded = new Uint8Array(length * ELEMENT_BYTES[encoding]);
    await fill(start, bytes, first * Float32Array.BYTES_PER_ELEMENT);
    startHash.update(bytes);
    await fill(payload, coded, header.byteLength + first * ELEMENT_BYTES[encoding]);
    // Over the start weights of this piece.
    if (!decoder.decode({ first, payload: coded, startWeights: weights, target: weights })) {
      throw new AppError('update/not-finite');
    }
    yield bytes;
  }
  if (startHash.digest('hex') !== startDigest) {
    throw new AppError('update/encoding-refused', { detail: `start weights ${startDigest}: damaged` });
  }
}
