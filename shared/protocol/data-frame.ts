import { AppError } from '../errors/app-error.ts';
import { DATA_CHUNK_BYTES } from './limits.ts';

/** First byte of every data frame of genba.v1. */
const DATA_FRAME_KIND = 0x47;

/** Bytes before the payload: kind (1), reserved zeros (3), transfer (4), offset (8), all little-endian. */
export const DATA_FRAME_HEADER_BYTES = 16;

/** A piece of a transfer. */
export interface DataFrame {
  /** Number given by `update/resume` or `weights/data`. */
  readonly transfer: number;
  /** Position of the payload's first byte in the whole transfer. */
  readonly offset: number;
  /** A view into the frame, not a copy. */
  readonly payload: Uint8Array;
}

/** Builds the bytes of a data frame; the payload is copied. */
export function encodeDataFrame({ transfer, offset, payload }: DataFrame): Uint8Array {
  const frame = new Uint8Array(DATA_FRAME_HEADER_BYTES + payload.byteLength);
  writeDataFrameHeader(frame, { transfer, offset });
  frame.set(payload, DATA_FRAME_HEADER_BYTES);
  return frame;
}

/** Writes the header before a payload that lies in the frame already, from {@link DATA_FRAME_HEADER_BYTES} on. */
export function writeDataFrameHeader(
  frame: Uint8Array,
  { transfer, offset }: Pick<DataFrame, 'transfer' | 'offset'>,
): void {
  const header = new DataView(frame.buffer, frame.byteOffset, DATA_FRAME_HEADER_BYTES);
  header.setUint32(0, DATA_FRAME_KIND, true);
  header.setUint32(4, transfer, true);
  header.setBigUint64(8, BigInt(offset), true);
}

/**
 * Reads a data frame.
 * @throws AppError `protocol/frame-truncated` (no room for a header or an empty payload),
 *   `protocol/frame-too-large`, `protocol/bad-message` (not a data frame, or an offset beyond 2^53)
 */
export function decodeDataFrame(frame: Uint8Array): DataFrame {
  if (frame.byteLength <= DATA_FRAME_HEADER_BYTES) {
    throw new AppError('protocol/frame-truncated', { detail: `${frame.byteLength} bytes` });
  }
  if (frame.byteLength > DATA_FRAME_HEADER_BYTES + DATA_CHUNK_BYTES) {
    throw new AppError('protocol/frame-too-large', { detail: `data frame of ${frame.byteLength} bytes` });
  }
  const header = new DataView(frame.buffer, frame.byteOffset, DATA_FRAME_HEADER_BYTES);
  if (header.getUint8(0) !== DATA_FRAME_KIND || header.getUint32(0, true) >>> 8 !== 0) {
    throw new AppError('protocol/bad-message', { detail: 'unknown binary frame' });
  }
  const offset = header.getBigUint64(8, true);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new AppError('protocol/bad-message', { detail: 'offset beyond 2^53' });
  }
  return {
    transfer: header.getUint32(4, true),
    offset: Number(offset),
    payload: frame.subarray(DATA_FRAME_HEADER_BYTES),
  };
}
