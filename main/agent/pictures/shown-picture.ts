import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { PICTURE_EDGES, type PictureSize } from '@genba/shared/local-api/pictures';
import { loadSharp, openPicture } from '../dataset/decode-picture.ts';

/** Largest file that is opened to be shown, bytes. */
const MAX_FILE_BYTES = 256e6;

/** Up to this edge a picture is sent without loss: each of its pixels is seen, and counts. */
const LOSSLESS_EDGE = 256;

const JPEG_QUALITY = 86;
/** A decoder that hangs must not hold a turn for good, seconds. */
const DECODE_SECONDS = 20;

/** A picture in a form that every browser shows. */
export interface ShownPicture {
  readonly contentType: 'image/png' | 'image/jpeg';
  readonly bytes: Uint8Array;
}

/**
 * A picture file, upright, no larger than the size asked for, on white where it is transparent.
 * @param picture sha256 of the bytes that the file is to have: one that has others by now is another picture
 * @throws AppError `labels/unknown-picture`; Error of a decoder or of the file system
 */
export async function shownPicture(file: string, picture: string, size: PictureSize): Promise<ShownPicture> {
  const content = await readWhole(file, picture);
  const edge = PICTURE_EDGES[size];
  const whole = await openPicture(content);
  const drawn = whole
    .resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .timeout({ seconds: DECODE_SECONDS });
  const { data, info } = await drawn.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const sharp = await loadSharp();
  const raw = sharp(data, { raw: { width, height, channels } });
  if (Math.max(width, height) <= LOSSLESS_EDGE) {
    return { contentType: 'image/png', bytes: await raw.png().toBuffer() };
  }
  return { contentType: 'image/jpeg', bytes: await raw.jpeg({ quality: JPEG_QUALITY }).toBuffer() };
}

async function readWhole(file: string, picture: string): Promise<Uint8Array> {
  const handle = await open(file).catch(() => null);
  if (handle === null) throw new AppError('labels/unknown-picture', { detail: picture });
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes are too many for a picture`);
    const content = await handle.readFile();
    // Cameras write over their last picture: what is labelled must be what is seen.
    if (createHash('sha256').update(content).digest('hex') !== picture)
      throw new AppError('labels/unknown-picture', { detail: picture });
    return content;
  } finally {
    await handle.close();
  }
}
