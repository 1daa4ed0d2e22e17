import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture } from './decode-picture.ts';
import { temporaryFolder } from './temporary-folder.ts';

const [WIDTH, HEIGHT] = [8, 8];
const colour = { kind: 'image', width: WIDTH, height: HEIGHT, channels: 3 } as const;
const grey = { ...colour, channels: 1 } as const;

/** Left half dark red, right half light blue. */
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, index) => {
  const isLeft = Math.floor(index / 3) % WIDTH < WIDTH / 2;
  return (isLeft ? [160, 20, 20] : [120, 160, 240])[index % 3]!;
});
const picture = () => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

/** Colours of the corners left and right of a decoded picture. */
const corners = (data: Uint8Array) => [[...data.slice(0, 3)], [...data.slice((WIDTH - 1) * 3, WIDTH * 3)]];

function near(
  found: number[][],
  tolerance: number,
  expected = [
    [160, 20, 20],
    [120, 160, 240],
  ],
): void {
  for (const [place, values] of expected.entries()) {
    for (const [channel, value] of values.entries()) {
      expect(Math.abs(found[place]![channel]! - value)).toBeLessThanOrEqual(tolerance);
    }
  }
}

/** An uncompressed TIFF of one strip, as measuring cameras write it. */
function greyTiff(bits: 16, side: number, values: Uint16Array): Buffer {
  const tags = [
    [256, side],
    [257, side],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, side],
    [279, values.byteLength],
  ] as const;
  const directory = 8 + values.byteLength;
  const file = Buffer.alloc(directory + 2 + tags.length * 12 + 4);
  file.write('II*');
  file.writeUInt32LE(directory, 4);
  file.set(new Uint8Array(values.buffer), 8);
  file.writeUInt16LE(tags.length, directory);
  for (const [index, [tag, value]] of tags.entries()) {
    const at = directory + 2 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  return file;
}

/** A BMP of 24 bits, rows from below; other forms are the concern of `decode-bmp.test.ts`. */
function colourBmp(): Buffer {
  const file = Buffer.alloc(54 + pixels.length);
  file.write('BM');
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(WIDTH, 18);
  file.writeInt32LE(HEIGHT, 22);
  file.writeUInt16LE(24, 28);
  // All rows are alike: only the order of the colours differs.
  file.set(
    pixels.map((_, index) => pixels[index - (index % 3) + 2 - (index % 3)]!),
    54,
  );
  return file;
}

describe('a picture', () => {
  it.each<[string, number, () => Promise<Uint8Array> | Uint8Array]>([
    ['PNG', 0, () => picture().png().toBuffer()],
    ['PNG with a palette', 2, () => picture().png({ palette: true, colours: 4 }).toBuffer()],
    ['PNG of 16 bits', 1, () => picture().toColourspace('rgb16').png().toBuffer()],
    ['PNG that is opaque', 0, () => picture().ensureAlpha().png().toBuffer()],
    ['JPEG', 12, () => picture().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()],
    ['TIFF', 0, () => picture().tiff({ compression: 'lzw' }).toBuffer()],
    [
      'TIFF of 16 bits',
      1,
      () => picture().toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer(),
    ],
    ['WebP', 0, () => picture().webp({ lossless: true }).toBuffer()],
    ['BMP', 0, () => colourBmp()],
  ])('is read from %s', async (_name, tolerance, make) => {
    const bytes = await make();
    near(corners(await decodePicture(bytes, colour)), tolerance);
    const file = temporaryFolder().write('部品 1.dat', bytes);
    near(corners(await decodePicture(file, colour)), tolerance);
    const light = await decodePicture(bytes, grey);
    expect(light).toHaveLength(WIDTH * HEIGHT);
    expect(light[0]!).toBeLessThan(light[WIDTH - 1]!);
  });

  it('is read from a CMYK JPEG, within what printing colours can show', async () => {
    const bytes = await picture().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    near(corners(await decodePicture(bytes, colour)), 40);
  });

  it('keeps the whole range of a grey TIFF of 16 bits', async () => {
    const bytes = greyTiff(
      16,
      8,
      Uint16Array.from({ length: 64 }, (_, place) => (place % 8 < 4 ? 0x2000 : 0xe000)),
    );
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    const read = await decodePicture(bytes, grey);
    // 0x2000 / 257 and 0xe000 / 257.
    expect([read[0], read[7]]).toEqual([32, 223]);
  });

  it('is turned upright as its camera held it', async () => {
    // 3: upside down, so left and right change places.
    const bytes = await picture().withMetadata({ orientation: 3 }).png().toBuffer();
    near(corners(await decodePicture(bytes, colour)), 0, [
      [120, 160, 240],
      [160, 20, 20],
    ]);
  });

  it('is put on white where it is transparent', async () => {
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    const clear = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 4, background } });
    expect([...(await decodePicture(await clear.png().toBuffer(), grey))]).toEqual(new Array(64).fill(255));
  });
});

describe('what is no picture', () => {
  const cut = (bytes: Uint8Array) => bytes.subarray(0, Math.floor(bytes.length / 2));
  it.each<[string, RegExp, () => Promise<Uint8Array> | Uint8Array]>([
    ['an empty file', /empty|unsupported|too small/i, () => new Uint8Array()],
    ['text', /unsupported/, () => Buffer.from('this is no picture at all')],
    [
      'a drawing',
      /unsupported|block/i,
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    [
      'a JPEG that is cut short',
      /premature|truncated|end|corrupt/i,
      async () => cut(await noisy().jpeg().toBuffer()),
    ],
    ['a PNG that is cut short', /./, async () => cut(await noisy().png().toBuffer())],
    ['a TIFF that is cut short', /./, async () => cut(await noisy().tiff().toBuffer())],
    ['a BMP that is cut short', /cut short/, () => cut(colourBmp())],
    ['a PNG that claims to be huge', /pixel limit/, hugePng],
  ])('is refused with a reason: %s', async (_name, reason, make) => {
    const bytes = await make();
    await expect(decodePicture(bytes, colour)).rejects.toThrow(reason);
  });

  function noisy() {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251);
    return sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
  }

  async function hugePng(): Promise<Uint8Array> {
    const bytes = await picture().png().toBuffer();
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    // The header's checksum must be right, or it would be refused for that.
    const { crc32 } = await import('node:zlib');
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    return bytes;
  }
});
