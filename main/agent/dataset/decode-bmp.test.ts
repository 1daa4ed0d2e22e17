import { describe, expect, it } from 'vitest';
import { decodeBmp } from './decode-bmp.ts';

const [WIDTH, HEIGHT] = [5, 3];
const RED = [160, 20, 20];
const BLUE = [120, 160, 240];

interface Form {
  readonly depth: 1 | 4 | 8 | 16 | 24 | 32;
  /** Length of the header; 12 is that of OS/2. */
  readonly header?: 12 | 40 | 108 | 124;
  readonly masks?: readonly [number, number, number];
  readonly isFromTop?: boolean;
  /** Bytes between palette and pixels. */
  readonly gap?: number;
}

/** Red but for the last pixel of the first row, which is blue; made by hand from the format's description. */
function bmp({ depth, header = 40, masks, isFromTop = false, gap = 0 }: Form): Buffer {
  const step = header === 12 ? 3 : 4;
  const paletteBytes = depth <= 8 ? 2 ** depth * step : 0;
  const masksBytes = masks !== undefined && header === 40 ? 12 : 0;
  const offset = 14 + header + masksBytes + paletteBytes + gap;
  const rowBytes = Math.ceil((WIDTH * depth) / 32) * 4;
  const file = Buffer.alloc(offset + rowBytes * HEIGHT);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(offset, 10);
  file.writeUInt32LE(header, 14);
  if (header === 12) {
    for (const [at, value] of [
      [18, WIDTH],
      [20, HEIGHT],
      [22, 1],
      [24, depth],
    ] as const)
      file.writeUInt16LE(value, at);
  } else {
    file.writeInt32LE(WIDTH, 18);
    file.writeInt32LE(isFromTop ? -HEIGHT : HEIGHT, 22);
    file.writeUInt16LE(1, 26);
    file.writeUInt16LE(depth, 28);
    file.writeUInt32LE(masks === undefined ? 0 : 3, 30);
    for (const [index, mask] of (masks ?? []).entries()) file.writeUInt32LE(mask, 54 + 4 * index);
  }
  const paletteAt = 14 + header + masksBytes;
  if (depth <= 8)
    for (const [index, [r, g, b]] of [RED, BLUE].entries()) file.set([b!, g!, r!], paletteAt + index * step);
  for (let row = 0; row < HEIGHT; row++) {
    const from = offset + (isFromTop ? row : HEIGHT - 1 - row) * rowBytes;
    for (let column = 0; column < WIDTH; column++) {
      const isBlue = row === 0 && column === WIDTH - 1;
      const [r, g, b] = (isBlue ? BLUE : RED) as [number, number, number];
      if (depth <= 8) {
        const perByte = 8 / depth;
        const at = from + Math.floor(column / perByte);
        if (isBlue) file[at]! |= 1 << (8 - depth * ((column % perByte) + 1));
      } else if (depth === 24) file.set([b, g, r], from + column * 3);
      else if (depth === 32) {
        const [toRed, toGreen, toBlue] = (masks ?? [0xff0000, 0xff00, 0xff]).map(
          (mask) => 31 - Math.clz32(mask & -mask),
        );
        file.writeUInt32LE(((r << toRed!) | (g << toGreen!) | (b << toBlue!)) >>> 0, from + column * 4);
      } else {
        const greenBits = masks === undefined ? 5 : 6;
        const pixel = ((r >> 3) << (5 + greenBits)) | ((g >> (8 - greenBits)) << 5) | (b >> 3);
        file.writeUInt16LE(pixel, from + column * 2);
      }
    }
  }
  return file;
}

describe('decodeBmp', () => {
  it.each<[string, number, Form]>([
    ['1 bit', 0, { depth: 1 }],
    ['4 bits', 0, { depth: 4 }],
    ['8 bits', 0, { depth: 8 }],
    ['8 bits of OS/2', 0, { depth: 8, header: 12 }],
    ['8 bits, pixels further on', 0, { depth: 8, gap: 6 }],
    ['16 bits', 8, { depth: 16 }],
    ['16 bits with masks', 8, { depth: 16, masks: [0xf800, 0x07e0, 0x001f] }],
    ['24 bits', 0, { depth: 24 }],
    ['24 bits from the top', 0, { depth: 24, isFromTop: true }],
    ['24 bits of a newer header', 0, { depth: 24, header: 124 }],
    ['32 bits', 0, { depth: 32 }],
    ['32 bits with masks', 0, { depth: 32, header: 108, masks: [0xff, 0xff00, 0xff0000] }],
    ['32 bits with masks in the highest byte', 0, { depth: 32, masks: [0xff000000, 0xff0000, 0xff00] }],
  ])('reads %s', (_name, tolerance, form) => {
    const { data, width, height } = decodeBmp(bmp(form));
    expect([width, height]).toEqual([WIDTH, HEIGHT]);
    for (let place = 0; place < WIDTH * HEIGHT; place++) {
      const expected = place === WIDTH - 1 ? BLUE : RED;
      for (const [channel, value] of expected.entries()) {
        expect(Math.abs(data[place * 3 + channel]! - value)).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  it('refuses what is cut short anywhere, without reading beyond it', () => {
    for (const form of [{ depth: 8 }, { depth: 32, masks: [0xff, 0xff00, 0xff0000] }] as const) {
      const whole = bmp(form);
      for (let length = 2; length < whole.length; length++) {
        expect(() => decodeBmp(whole.subarray(0, length))).toThrow(/^the BMP/);
      }
    }
  });

  it('refuses what would fill the memory, and what is run-length coded', () => {
    const huge = bmp({ depth: 24 });
    huge.writeInt32LE(60_000, 18);
    huge.writeInt32LE(60_000, 22);
    expect(() => decodeBmp(huge)).toThrow('60000×60000 pixels cannot be read');
    const coded = bmp({ depth: 8 });
    coded.writeUInt32LE(1, 30);
    expect(() => decodeBmp(coded)).toThrow('run-length');
  });
});
