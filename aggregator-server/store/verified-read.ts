import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Bytes hashed between two turns of the event loop; a multiple of 4, so that pieces hold whole floats. */
const PIECE_BYTES = 256 * 1024;

/** The system reads no more than 2 GiB at once. */
const MOST_READ_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a file piece by piece and hashes it on the way, so that a large model never blocks the event loop.
 * @param visit receives each piece with its position in bytes; pieces start on multiples of 4
 * @returns sha256 in hexadecimal and the number of bytes read
 */
export async function hashFile(
  handle: FileHandle,
  visit: (piece: Uint8Array, offset: number) => void,
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(PIECE_BYTES);
  let sizeBytes = 0;
  for (;;) {
    const filled = await fill(handle, buffer, sizeBytes);
    if (filled === 0) break;
    const piece = buffer.subarray(0, filled);
    hash.update(piece);
    visit(piece, sizeBytes);
    sizeBytes += filled;
  }
  return { digest: hash.digest('hex'), sizeBytes };
}

/**
 * Reads until the buffer is full or the file ends; a single read may return less than it was asked for.
 * @returns bytes read
 */
export async function fill(handle: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.byteLength) {
    const wanted = Math.min(buffer.byteLength - filled, MOST_READ_BYTES);
    const { bytesRead } = await handle.read(buffer, filled, wanted, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
