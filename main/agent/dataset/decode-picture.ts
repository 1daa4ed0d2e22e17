import { open, readFile } from 'node:fs/promises';
import type { TaskInput } from '@genba/shared/model/task';
import type { Sharp } from 'sharp';
import { decodeBmp, isBmp } from './decode-bmp.ts';

export type ImageInput = Extract<TaskInput, { kind: 'image' }>;

/** Largest picture that is opened, pixels: more than any camera on a line has, less than fills the memory. */
export const MAX_PICTURE_PIXELS = 200_000_000;

/** Longest reason why a picture could not be read, characters. */
const MAX_REASON_LENGTH = 200;

let sharpLoading: Promise<typeof import('sharp').default> | null = null;

/** Only where a picture is to be decoded: the library takes more memory than all the rest of an idle agent. */
export function loadSharp(): Promise<typeof import('sharp').default> {
  sharpLoading ??= import('sharp').then(({ default: sharp }) => {
    // Every picture is opened once: what libvips keeps of them helps nobody.
    sharp.cache(false);
    // A drawing is no photograph, and may name other files to be put into it.
    sharp.block({ operation: ['VipsForeignLoadSvg'] });
    return sharp;
  });
  return sharpLoading;
}

/**
 * Opens a picture, upright and with eight bits per channel. Of a file with several pages the first counts.
 * @param source path of a file, or its content
 * @throws Error in one English sentence; an error of the file system
 */
export async function openPicture(source: string | Uint8Array): Promise<Sharp> {
  const sharp = await loadSharp();
  const bytes = typeof source === 'string' ? await readIfBmp(source) : source;
  if (bytes !== null && isBmp(bytes)) {
    const { data, width, height } = decodeBmp(bytes);
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
  // Any warning of a decoder means that pixels are missing or made up.
  return sharp(bytes ?? source, { limitInputPixels: MAX_PICTURE_PIXELS, failOn: 'warning' }).autoOrient();
}

/**
 * One picture as the model sees it: upright, stretched to the task's size, grey or RGB, on white where it is transparent.
 * Shapes: bytes `[height, width, channels]`.
 * @throws Error in one English sentence; an error of the file system
 */
export async function decodePicture(
  source: string | Uint8Array,
  { width, height, channels }: ImageInput,
): Promise<Uint8Array> {
  const picture = (await openPicture(source)).resize(width, height, { fit: 'fill' });
  const coloured = picture.flatten({ background: 'white' }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const { data, info } = await coloured.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== channels) throw new Error(`${info.channels} channels instead of ${channels}`);
  return data;
}

/** Why a picture could not be read, short and in one line. */
export function pictureReason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.split('\n', 1)[0]!.trim().slice(0, MAX_REASON_LENGTH);
}

async function readIfBmp(path: string): Promise<Uint8Array | null> {
  const file = await open(path);
  try {
    const start = new Uint8Array(2);
    await file.read(start, 0, 2, 0);
    return isBmp(start) ? await readFile(path) : null;
  } finally {
    await file.close();
  }
}
