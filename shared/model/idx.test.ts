import { describe, expect, it } from 'vitest';
import { BadIdx, type IdxKind, idxHeader, parseIdx } from './idx.ts';

function file(kind: IdxKind, lengths: readonly number[], data: readonly number[]): Uint8Array {
  return Uint8Array.from([...idxHeader(kind, lengths), ...data]);
}

describe('parseIdx', () => {
  it('reads bytes, whole numbers and floats with their shape', () => {
    expect(parseIdx(file('uint8', [2, 1, 2], [1, 2, 3, 255]))).toEqual({
      kind: 'uint8',
      lengths: [2, 1, 2],
      values: Uint8Array.of(1, 2, 3, 255),
    });
    expect(parseIdx(file('int32', [1], [0, 0, 1, 2]))).toMatchObject({ values: Int32Array.of(258) });
    // -2.5 as IEEE 754: c0 20 00 00.
    expect(parseIdx(file('float32', [1, 1], [0xc0, 0x20, 0, 0]))).toMatchObject({
      lengths: [1, 1],
      values: Float32Array.of(-2.5),
    });
  });

  it('reads a file that lies anywhere in a buffer', () => {
    const content = file('float32', [1], [0x3f, 0x80, 0, 0]);
    const padded = new Uint8Array(content.length + 3);
    padded.set(content, 3);
    expect(parseIdx(padded.subarray(3)).values).toEqual(Float32Array.of(1));
  });

  it('knows the header of MNIST', () => {
    expect([...idxHeader('uint8', [10_000, 28, 28])]).toEqual([
      0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28,
    ]);
  });

  it.each([
    ['nothing', new Uint8Array(), 'too short'],
    ['text', new TextEncoder().encode('class,label\n'), 'no IDX file'],
    ['another kind of value', Uint8Array.of(0, 0, 0x0e, 1, 0, 0, 0, 0), 'no IDX file'],
    ['no dimension', Uint8Array.of(0, 0, 8, 0), 'no IDX file'],
    ['a header that ends early', Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1), 'too short'],
    ['data that ends early', file('uint8', [3], [1, 2]), '2 bytes of data, its header says 3'],
    ['data that goes on', file('int32', [1], [0, 0, 0, 1, 0]), '5 bytes of data, its header says 4'],
    [
      'lengths beyond any memory',
      file('float32', [0xffff_ffff, 0xffff_ffff, 0xffff_ffff], []),
      '0 bytes of data',
    ],
  ])('refuses %s', (_name, bytes, reason) => {
    expect(() => parseIdx(bytes)).toThrow(BadIdx);
    expect(() => parseIdx(bytes)).toThrow(reason);
  });
});
