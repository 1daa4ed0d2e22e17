/** Smallest magnitude that rounds to an infinity: half-way between the largest float16, 65,504, and 2¹⁶. */
const OVERFLOW_FROM = 65_520;
/** Smallest normal float16. */
const SMALLEST_NORMAL = 2 ** -14;
/** Steps of the subnormal ones per 1. */
const SUBNORMAL_STEPS = 2 ** 24;
/** Adding and subtracting it rounds a float64 from 0 to 2⁵² to a whole number, ties to even. */
const ROUNDER = 2 ** 52;

const EXPONENT_BIAS = 15;
const FRACTION_BITS = 10;
const SIGN = 0x8000;

/** Bits of a float16, without its sign: from here on it is an infinity or no number. */
export const FLOAT16_NOT_FINITE = 0x7c00;

const wide = new Float64Array(1);
const wideBits = new Uint32Array(wide.buffer);

/**
 * The bits of the float16 (IEEE 754 binary16) nearest to a number, ties to even; those of an infinity beyond the range
 * and for what is no number. Rounds once, from float64.
 */
export function float16Bits(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? SIGN : 0;
  // What is no number is not below it either.
  if (!(magnitude < OVERFLOW_FROM)) return sign | FLOAT16_NOT_FINITE;
  // A fraction that rounds up to the next power of two carries into the exponent by itself, in both cases.
  if (magnitude < SMALLEST_NORMAL) return sign | (magnitude * SUBNORMAL_STEPS + ROUNDER - ROUNDER);
  wide[0] = magnitude;
  const exponent = (wideBits[1]! >>> 20) - 1023;
  const fraction = magnitude * 2 ** (FRACTION_BITS - exponent) + ROUNDER - ROUNDER;
  return sign | (((exponent + EXPONENT_BIAS - 1) << FRACTION_BITS) + fraction);
}

/** 2^(e − 25) for each exponent field e from 1; what one step of the fraction is worth. */
const STEPS = Float64Array.from({ length: 32 }, (_, field) => 2 ** (Math.max(field, 1) - 25));

/** The number that finite float16 bits stand for, exactly; a negative zero stays one. */
export function float16Value(bits: number): number {
  const field = (bits >>> FRACTION_BITS) & 0x1f;
  const fraction = (bits & 0x3ff) + (field === 0 ? 0 : 0x400);
  const magnitude = fraction * STEPS[field]!;
  return bits >= SIGN ? -magnitude : magnitude;
}
