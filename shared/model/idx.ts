/** Third byte of an IDX file: the kind of its values (LeCun, *The MNIST database*, "the IDX file format"). */
const VALUE_KINDS = { 8: 'uint8', 12: 'int32', 13: 'float32' } as const;

export type IdxKind = (typeof VALUE_KINDS)[keyof typeof VALUE_KINDS];

/** Bytes of one value. */
const VALUE_BYTES: Readonly<Record<IdxKind, number>> = { uint8: 1, int32: 4, float32: 4 };

/** An array of numbers with its shape. */
export interface IdxArray {
  readonly kind: IdxKind;
  /** Length of each dimension. */
  readonly lengths: readonly number[];
  /** Bytes lie in the file that was read; others are copies. */
  readonly values: Uint8Array | Int32Array | Float32Array;
}

/** What is wrong with a file, in one English sentence without a full stop. */
export class BadIdx extends Error {
  override readonly name = 'BadIdx';
}

/**
 * Reads an IDX file: zero, zero, kind, number of dimensions; their lengths; the values; all big-endian.
 * @throws BadIdx
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 4) throw new BadIdx(`${bytes.byteLength} bytes, too short for a header`);
  const kind = VALUE_KINDS[view.getUint8(2) as keyof typeof VALUE_KINDS];
  const dimensions = view.getUint8(3);
  if (view.getUint16(0) !== 0 || kind === undefined || dimensions === 0) {
    throw new BadIdx(
      `starts with 0x${view.getUint32(0).toString(16).padStart(8, '0')}, which is no IDX file`,
    );
  }
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.byteLength < headerBytes) {
    throw new BadIdx(`${bytes.byteLength} bytes, too short for a header`);
  }
  const lengths = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index));
  const size = lengths.reduce((total, length) => total * length, 1) * VALUE_BYTES[kind];
  if (bytes.byteLength !== headerBytes + size) {
    throw new BadIdx(`${bytes.byteLength - headerBytes} bytes of data, its header says ${size}`);
  }
  return { kind, lengths, values: valuesOf(kind, bytes.subarray(headerBytes)) };
}

/** The header of an IDX file. @param lengths of each dimension, at most 255 of them */
export function idxHeader(kind: IdxKind, lengths: readonly number[]): Uint8Array {
  const header = new Uint8Array(4 + 4 * lengths.length);
  const view = new DataView(header.buffer);
  const [code] = Object.entries(VALUE_KINDS).find(([, each]) => each === kind)!;
  view.setUint8(2, Number(code));
  view.setUint8(3, lengths.length);
  lengths.forEach((length, index) => {
    view.setUint32(4 + 4 * index, length);
  });
  return header;
}

function valuesOf(kind: IdxKind, data: Uint8Array): IdxArray['values'] {
  if (kind === 'uint8') return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = data.byteLength / VALUE_BYTES[kind];
  if (kind === 'int32') return Int32Array.from({ length: count }, (_, index) => view.getInt32(4 * index));
  return Float32Array.from({ length: count }, (_, index) => view.getFloat32(4 * index));
}
