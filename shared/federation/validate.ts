import type { WeightRange } from './groups.ts';

/**
 * Largest weight an update may hold. Far beyond any model that still learns, and far enough below the largest
 * float32 (3.4e38) that no merge or calibration of such updates overflows.
 */
export const MAX_WEIGHT_MAGNITUDE = 1e30;

/** All bits of a float32 but its sign. Read as whole numbers they are in the order of the magnitudes, NaN last. */
const MAGNITUDE_BITS = 0x7fff_ffff;
const LARGEST_FINITE_BITS = bitsOf(3.4028234663852886e38);
const LARGEST_MERGEABLE_BITS = largestBitsUpTo(MAX_WEIGHT_MAGNITUDE);

/** Whether every value is a number: no NaN, no infinity. An empty vector passes. */
export function isAllFinite(weights: Float32Array): boolean {
  return isWithin(weights, LARGEST_FINITE_BITS);
}

/** Whether every value is a number of at most {@link MAX_WEIGHT_MAGNITUDE}: fit to be merged. */
export function isMergeable(weights: Float32Array): boolean {
  return isWithin(weights, LARGEST_MERGEABLE_BITS);
}

/** Compares bits, not numbers: every update is looked through, and this takes half as long. */
function isWithin({ buffer, byteOffset, length }: Float32Array, largestBits: number): boolean {
  const bits = new Uint32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) {
    if ((bits[i]! & MAGNITUDE_BITS) > largestBits) return false;
  }
  return true;
}

function bitsOf(magnitude: number): number {
  return new Uint32Array(Float32Array.of(magnitude).buffer)[0]!;
}

/** Of the largest float32 that is no larger: rounding may go beyond the bound. */
function largestBitsUpTo(bound: number): number {
  return Math.fround(bound) > bound ? bitsOf(bound) - 1 : bitsOf(bound);
}

/**
 * Refuses vectors of different lengths: broadcasting or cutting one silently would corrupt a model.
 * @throws RangeError naming the vectors and their lengths
 */
export function requireEqualLengths(vectors: Readonly<Record<string, Float32Array>>): void {
  const lengths = Object.entries(vectors).map(([name, vector]) => ({ name, length: vector.length }));
  if (lengths.every(({ length }) => length === lengths[0]!.length)) return;
  const described = lengths.map(({ name, length }) => `${name} ${length}`).join(', ');
  throw new RangeError(`vectors must have one length, got ${described}`);
}

/**
 * Refuses a range that does not lie inside every vector: a kernel would read or write its neighbour in memory.
 * @throws RangeError
 */
export function requireInside(
  { start, end }: WeightRange,
  vectors: readonly { readonly length: number }[],
): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start > end) {
    throw new RangeError(`not a range of elements: ${start} to ${end}`);
  }
  for (const { length } of vectors) {
    if (end > length) throw new RangeError(`range ${start} to ${end} leaves a vector of ${length}`);
  }
}

/** @throws RangeError unless it lies in [0, 1] */
export function requireMixingWeight(mixingWeight: number): void {
  if (!(mixingWeight >= 0 && mixingWeight <= 1)) {
    throw new RangeError(`mixingWeight must lie in [0, 1], got ${mixingWeight}`);
  }
}
