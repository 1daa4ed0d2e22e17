import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { DIGIT_SIZE, type DigitSet } from './mnist.ts';

/** Sides of a photo, pixels: digits enlarged, as a camera would see them. */
const PHOTO_SIDE = 96;

/** Which digit stands for which result of an inspection, and how many photos of it there are. */
export interface PhotoClass {
  readonly name: string;
  readonly digit: number;
  readonly count: number;
}

/** What is photographed: ink on paper, or bright marks as they are engraved in metal. */
type PhotoLook = 'ink' | 'engraved';

/**
 * Writes photos as an inspection leaves them: one folder per class, made from handwritten digits.
 * @throws Error when there are too few digits
 */
export async function writePhotos(
  folder: string,
  digits: DigitSet,
  classes: readonly PhotoClass[],
  look: PhotoLook = 'ink',
): Promise<void> {
  for (const { name, digit, count } of classes) {
    await mkdir(path.join(folder, name), { recursive: true });
    const found = [...digits.labels.keys()].filter((index) => digits.labels[index] === digit).slice(0, count);
    if (found.length < count) throw new Error(`There are only ${found.length} digits ${digit}.`);
    const photos = found.map((index) => photo(digits, index).negate(look === 'ink'));
    await Promise.all(
      photos.map((each, number) => each.png().toFile(path.join(folder, name, `写真 ${number + 1}.png`))),
    );
  }
}

function photo({ images }: DigitSet, index: number): Sharp {
  const size = DIGIT_SIZE * DIGIT_SIZE;
  return sharp(images.subarray(index * size, (index + 1) * size), {
    raw: { width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 },
  }).resize(PHOTO_SIDE, PHOTO_SIDE, { kernel: 'cubic' });
}
