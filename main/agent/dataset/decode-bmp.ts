/** Largest BMP that is unpacked, pixels: all of it is held in memory at once. */
const MAX_BMP_PIXELS = 100_000_000;

const FILE_HEADER_BYTES = 14;
/** Of OS/2 1.x, with lengths of two bytes; all others begin like that of Windows 3. */
const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;

/** How pixels are stored: as they are, or with masks that say which bits are which colour. */
const PLAIN = 0;
const BIT_FIELDS = [3, 6];

/** A picture: red, green and blue of each pixel, row by row from the top. */
export interface BmpPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isFromTop: boolean;
  readonly depth: number;
  /** Where the pixels begin, and how far one row is from the next, bytes. */
  readonly offset: number;
  readonly rowBytes: number;
  readonly palette: Uint8Array;
  readonly paletteStep: 3 | 4;
  /** Of red, green and blue in a pixel of 16 or 32 bits. */
  readonly masks: readonly number[];
}

/** Whether a file begins as a BMP does. */
export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/**
 * Unpacks a BMP of 1, 4, 8, 16, 24 or 32 bits per pixel. Opacity is passed over: most programs leave that byte empty.
 * Written here because the libraries at hand read palettes or camera headers wrongly, which a tested few lines do not.
 * @throws Error in one English sentence: cut short, too large, or run-length coded
 */
export function decodeBmp(bytes: Uint8Array): BmpPixels {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(file);
  const { width, height, isFromTop, depth, offset, rowBytes } = header;
  const data = new Uint8Array(width * height * 3);
  const put = depth <= 8 ? putIndexed(file, header) : depth === 24 ? putPlain(file) : putMasked(file, header);
  for (let row = 0; row < height; row++) {
    const from = offset + (isFromTop ? row : height - 1 - row) * rowBytes;
    for (let column = 0; column < width; column++) put(data, (row * width + column) * 3, from, column);
  }
  return { data, width, height };
}

/** Puts the colour of a pixel at a place of the picture, from the row that begins at `from`. */
type PutPixel = (data: Uint8Array, place: number, from: number, column: number) => void;

function putIndexed(file: Buffer, { depth, palette, paletteStep }: BmpHeader): PutPixel {
  const perByte = 8 / depth;
  const mask = 2 ** depth - 1;
  return (data, place, from, column) => {
    const byte = file[from + Math.floor(column / perByte)]!;
    const index = (byte >> (8 - depth * ((column % perByte) + 1))) & mask;
    // A colour that the palette lacks is black.
    for (let channel = 0; channel < 3; channel++) {
      data[place + channel] = palette[index * paletteStep + 2 - channel] ?? 0;
    }
  };
}

function putPlain(file: Buffer): PutPixel {
  return (data, place, from, column) => {
    for (let channel = 0; channel < 3; channel++)
      data[place + channel] = file[from + column * 3 + 2 - channel]!;
  };
}

function putMasked(file: Buffer, { depth, masks }: BmpHeader): PutPixel {
  const parts = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: Math.max(1, mask >>> shift) };
  });
  return (data, place, from, column) => {
    const pixel = depth === 16 ? file.readUInt16LE(from + column * 2) : file.readUInt32LE(from + column * 4);
    for (const [channel, { mask, shift, most }] of parts.entries()) {
      data[place + channel] = Math.round((((pixel & mask) >>> shift) / most) * 255);
    }
  };
}

function readHeader(file: Buffer): BmpHeader {
  if (file.length < FILE_HEADER_BYTES + CORE_HEADER_BYTES) throw new Error('the BMP is cut short');
  const offset = file.readUInt32LE(10);
  const headerBytes = file.readUInt32LE(14);
  const isCore = headerBytes === CORE_HEADER_BYTES;
  if (!isCore && headerBytes < INFO_HEADER_BYTES) throw new Error('the BMP has an unknown header');
  if (file.length < FILE_HEADER_BYTES + headerBytes) throw new Error('the BMP is cut short');
  const width = isCore ? file.readUInt16LE(18) : file.readInt32LE(18);
  const signedHeight = isCore ? file.readUInt16LE(20) : file.readInt32LE(22);
  const height = Math.abs(signedHeight);
  const depth = file.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? PLAIN : file.readUInt32LE(30);
  // Before memory is spent on what the header claims.
  if (width <= 0 || height === 0 || width * height > MAX_BMP_PIXELS) {
    throw new Error(`a BMP of ${width}×${height} pixels cannot be read`);
  }
  if (![1, 4, 8, 16, 24, 32].includes(depth)) throw new Error(`a BMP of ${depth} bits cannot be read`);
  const hasMasks = BIT_FIELDS.includes(compression);
  if (compression !== PLAIN && !hasMasks) throw new Error('a BMP that is run-length coded cannot be read');
  const rowBytes = Math.ceil((width * depth) / 32) * 4;
  if (offset + rowBytes * height > file.length) throw new Error('the BMP is cut short');
  // Behind the header of Windows 3 stand the masks, before the palette; later headers hold them at the same place.
  const afterHeader = FILE_HEADER_BYTES + headerBytes;
  const masksAt = FILE_HEADER_BYTES + INFO_HEADER_BYTES;
  const masksBytes = hasMasks && headerBytes === INFO_HEADER_BYTES ? (compression === 6 ? 16 : 12) : 0;
  return {
    width,
    height,
    isFromTop: signedHeight < 0,
    depth,
    offset,
    rowBytes,
    palette: file.subarray(afterHeader + masksBytes, offset),
    paletteStep: isCore ? 3 : 4,
    masks: hasMasks ? [0, 4, 8].map((at) => file.readUInt32LE(masksAt + at)) : usualMasks(depth),
  };
}

function usualMasks(depth: number): number[] {
  return depth === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];
}
