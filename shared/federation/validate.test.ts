import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllFinite, isMergeable, MAX_WEIGHT_MAGNITUDE, requireEqualLengths } from './validate.ts';

describe('isMergeable', () => {
  it('admits all weights up to the largest', () => {
    // Rounding to float32 must not push the bound itself beyond it.
    const largest = Math.fround(MAX_WEIGHT_MAGNITUDE * (1 - 2 ** -24));
    expect(isMergeable(Float32Array.of(0, -0, 1e-45, 3.5, largest, -largest))).toBe(true);
    expect(isMergeable(new Float32Array(0))).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.1e30, -3e38])(
    'refuses %s',
    (wrong) => {
      expect(isMergeable(Float32Array.of(1, wrong, 2))).toBe(false);
    },
  );
});

/** Any 32 bits, those of the bounds and their neighbours among them. */
const float32 = fc
  .oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0x7149_f2c9, 0xf149_f2ca, 0x7f7f_ffff, 0xff80_0000),
  )
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!);

it('says of any bits what comparing the numbers says', () => {
  fc.assert(
    fc.property(fc.array(float32, { maxLength: 4 }), (values) => {
      const weights = Float32Array.from(values);
      expect(isAllFinite(weights)).toBe(values.every(Number.isFinite));
      expect(isMergeable(weights)).toBe(values.every((value) => Math.abs(value) <= MAX_WEIGHT_MAGNITUDE));
    }),
  );
});

describe('isAllFinite', () => {
  it('admits numbers of any size, and refuses what is none', () => {
    expect(isAllFinite(Float32Array.of(3e38, -1e-45))).toBe(true);
    expect(isAllFinite(Float32Array.of(1, Number.NaN))).toBe(false);
    expect(isAllFinite(Float32Array.of(Number.NEGATIVE_INFINITY))).toBe(false);
  });
});

describe('requireEqualLengths', () => {
  it('admits equal lengths and names those that differ', () => {
    const two = new Float32Array(2);
    expect(() => requireEqualLengths({ a: two, b: two })).not.toThrow();
    expect(() => requireEqualLengths({ a: two, b: new Float32Array(3) })).toThrow('a 2, b 3');
  });
});
