import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mask, unmask } from './websocket-mask.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const key = fc.uint8Array({ minLength: 4, maxLength: 4 });
const distance = fc.nat({ max: 7 });

/** RFC 6455, section 5.3, as it is written there. */
function masked(source: Uint8Array, by: Uint8Array): number[] {
  return [...source].map((byte, i) => byte ^ by[i % 4]!);
}

/** The same bytes at a distance from a word's start, between others. */
function placed(source: Uint8Array, from: number): { room: Uint8Array; view: Uint8Array } {
  const room = new Uint8Array(from + source.byteLength + 5).fill(0xaa);
  room.set(source, from);
  return { room, view: room.subarray(from, from + source.byteLength) };
}

it('masks in place, wherever the bytes lie, and touches nothing else', () => {
  fc.assert(
    fc.property(bytes, key, distance, (source, by, from) => {
      const { room, view } = placed(source, from);
      unmask(view, by);
      expect([...view]).toEqual(masked(source, by));
      expect([...room.subarray(0, from), ...room.subarray(from + source.byteLength)]).toEqual(
        Array(from + 5).fill(0xaa),
      );
    }),
  );
});

it('masks into another buffer and leaves the source alone', () => {
  fc.assert(
    fc.property(bytes, key, distance, distance, (source, by, from, to) => {
      const { view } = placed(source, from);
      const output = new Uint8Array(to + source.byteLength + 3).fill(0xaa);
      mask(view, by, output, to, source.byteLength);
      expect([...view]).toEqual([...source]);
      expect([...output]).toEqual([...Array(to).fill(0xaa), ...masked(source, by), ...Array(3).fill(0xaa)]);
    }),
  );
});

it('of the RFC’s own example gives its bytes', () => {
  // Section 5.7: a masked "Hello".
  const text = new TextEncoder().encode('Hello');
  unmask(text, Uint8Array.of(0x37, 0xfa, 0x21, 0x3d));
  expect([...text]).toEqual([0x7f, 0x9f, 0x4d, 0x51, 0x58]);
});
