import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { DIGIT_SIZE, type DigitSet } from '../demo/mnist.ts';

/** Sides of a photo, pixels: digits enlarged, as a camera would see them. */
const PHOTO_SIDE = 96;

/** Which digit stands for which result of an inspection, and how many photos of it there are. */
export interface PhotoClass {
  readonly name: string;
  readonly digit: number;
  readonly count: number;
}

/**
 * Writes photos as an inspection leaves them: one folder per class, made from handwritten digits.
 * @throws Error when there are too few digits
 */
export async function writePhotos(
  folder: string,
  digits: DigitSet,
  classes: readonly PhotoClass[],
): Promise<void> {
  for (const { name, digit, count } of classes) {
    await mkdir(path.join(folder, name), { recursive: true });
    const found = [...digits.labels.keys()].filter((index) => digits.labels[index] === digit).slice(0, count);
    if (found.length < count) throw new Error(`There are only ${found.length} digits ${digit}.`);
    await Promise.all(
      found.map((index, number) => write(path.join(folder, name, `写真 ${number + 1}.png`), digits, index)),
    );
  }
}

function write(file: string, { images }: DigitSet, index: number): Promise<unknown> {
  const size = DIGIT_SIZE * DIGIT_SIZE;
  return sharp(images.subarray(index * size, (index + 1) * size), {
    raw: { width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 },
  })
    .negate()
    .resize(PHOTO_SIDE, PHOTO_SIDE, { kernel: 'cubic' })
    .png()
    .toFile(file);
}
