/** Width and height of a digit, pixels. */
export declare const DIGIT_SIZE = 28;
/** Handwritten digits: one byte per pixel, one label per image. */
export interface DigitSet {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}
/**
 * Reads the 60,000 training or the 10,000 test digits from the installed package, which is never executed.
 * @throws AppError `dataset/not-found` when the package is missing, `dataset/damaged` when a file is not the known one
 */
export declare function readMnist(part: 'train' | 'test'): DigitSet;
/** The digits at the given positions, in that order. */
export declare function pickDigits({ images, labels }: DigitSet, positions: readonly number[]): DigitSet;
