import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLOAT16_NOT_FINITE, float16Bits, float16Value } from './float16.ts';

/** The machine's own float16, to compare with: the language's types do not know it yet. */
const { Float16Array: Native } = globalThis as unknown as {
  readonly Float16Array: new (length: number) => { [index: number]: number; readonly buffer: ArrayBuffer };
};

const halves = new Native(1);
const halfBits = new Uint16Array(halves.buffer);

function nativeBits(value: number): number {
  halves[0] = value;
  return halfBits[0]!;
}

/** All finite bit patterns: every exponent, every fraction, both signs. */
function finiteBits(): number[] {
  return Array.from({ length: 0x1_0000 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7fff) < FLOAT16_NOT_FINITE,
  );
}

describe('float16', () => {
  it('reads every finite pattern as the machine does, and writes it back', () => {
    for (const bits of finiteBits()) {
      halfBits[0] = bits;
      if (!Object.is(float16Value(bits), halves[0]))
        expect([bits, float16Value(bits)]).toEqual([bits, halves[0]]);
      // Of the two zeros it writes the positive one.
      const written = float16Bits(float16Value(bits));
      if (written !== bits) expect([written, bits]).toEqual([0, 0x8000]);
    }
  });

  it('rounds every half-way case, and what lies right beside it, to nearest and even', () => {
    for (const bits of finiteBits()) {
      // The next larger magnitude; after the largest one 2^16, from where on it would be an infinity.
      const half = (float16Value(bits) + float16Value(bits + 1)) / 2;
      for (const value of [half, half * (1 - 2 ** -52), half * (1 + 2 ** -52)]) {
        if (value === 0) continue;
        const found = float16Bits(value);
        if (found !== nativeBits(value)) expect([value, found]).toEqual([value, nativeBits(value)]);
      }
    }
  });

  it('rounds as the machine does, once, from float64', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -70_000, max: 70_000, noNaN: true }),
      fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
    );
    fc.assert(
      fc.property(value, (drawn) => {
        expect(float16Bits(drawn)).toBe(Object.is(drawn, -0) ? 0 : (tiny(drawn) ?? nativeBits(drawn)));
      }),
      { numRuns: 20_000 },
    );
  });

  it('says infinity from half a step beyond the largest on', () => {
    expect(float16Bits(65_519.999)).toBe(0x7bff);
    expect(float16Bits(65_520)).toBe(FLOAT16_NOT_FINITE);
    expect(float16Bits(-65_520)).toBe(0x8000 | FLOAT16_NOT_FINITE);
  });
});

/** Negative numbers that round to zero keep their sign in both; null for all others. */
function tiny(value: number): number | null {
  return Math.abs(value) <= 2 ** -25 ? (value < 0 ? 0x8000 : 0) : null;
}
