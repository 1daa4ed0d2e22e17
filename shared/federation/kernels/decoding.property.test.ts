import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLOAT16_NOT_FINITE, float16Value } from '../encoding/float16.ts';
import { adversarialVectors, allKernels, bitsOf, vectorLength } from '../testing.ts';
import { isMergeable, MAX_WEIGHT_MAGNITUDE } from '../validate.ts';
import { plainKernels } from './plain-kernels.ts';

const KERNELS = allKernels();

/** Halves of every kind: subnormal ones, the largest, infinities and no numbers. */
const EDGE_HALVES = [
  0, 0x8000, 1, 0x8001, 0x3ff, 0x400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0x7fff, 0xffff,
];

const SCALES = [0, 2 ** -149, 2 ** -126, 1e-4, 1 / 127, 1, 1e27, 1e30, 3e38].map(Math.fround);

const cases = vectorLength().chain((length) =>
  fc.record({
    start: adversarialVectors(1, length).map(([vector]) => vector!),
    halves: fc
      .tuple(
        fc.array(fc.oneof(fc.nat(0xffff), fc.constantFrom(...EDGE_HALVES)), { minLength: 1 }),
        fc.nat(),
        fc.boolean(),
      )
      .map(([palette, seed, areFinite]) =>
        Uint16Array.from({ length }, (_, i) => {
          const bits = palette[(Math.imul(i + 1, 2654435761 + 2 * seed) >>> 8) % palette.length]!;
          return areFinite && (bits & 0x7fff) >= FLOAT16_NOT_FINITE ? bits & 0x83ff : bits;
        }),
      ),
    scale: fc.oneof(fc.constantFrom(...SCALES), fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround)),
    cut: fc.tuple(fc.nat(length), fc.nat(length)),
    isOverStart: fc.boolean(),
    offset: fc.nat(3),
  }),
);

/** The same elements off a boundary of memory. */
function shifted<Vector extends Float32Array | Uint16Array | Int8Array>(
  vector: Vector,
  offset: number,
): Vector {
  // `constructor` is typed as Function; that of a typed array takes a length.
  const { constructor: Kind } = vector as unknown as { constructor: new (length: number) => Vector };
  const space = new Kind(vector.length + offset).subarray(offset) as Vector;
  space.set(vector);
  return space;
}

describe('decoding', () => {
  it('gives the same bits with plain and SIMD kernels, wherever the vectors lie', () => {
    fc.assert(
      fc.property(cases, ({ start, halves, scale, cut, isOverStart, offset }) => {
        const range = { start: Math.min(...cut), end: Math.max(...cut) };
        const [plain, simd] = KERNELS.map((kernels) => {
          const run = (decode: (startWeights: Float32Array, target: Float32Array) => boolean) => {
            const startWeights = shifted(start, offset);
            const target = isOverStart ? startWeights : new Float32Array(start.length);
            const areMergeable = decode(startWeights, target);
            return { areMergeable, bits: bitsOf(target) };
          };
          const steps = new Int8Array(halves);
          return [
            run((startWeights, target) =>
              kernels.decodeFloat16({ startWeights, halves: shifted(halves, offset) }, range, target),
            ),
            run((startWeights, target) =>
              kernels.decodeInt8({ startWeights, steps: shifted(steps, offset) }, range, scale, target),
            ),
          ];
        });
        expect(simd).toEqual(plain);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives S + the float16, rounded once, and refuses what is not finite or not mergeable', () => {
    fc.assert(
      fc.property(cases, ({ start, halves }) => {
        const range = { start: 0, end: start.length };
        for (const kernels of KERNELS) {
          const target = new Float32Array(start.length);
          const areMergeable = kernels.decodeFloat16({ startWeights: start, halves }, range, target);
          const areFinite = halves.every((bits) => (bits & 0x7fff) < FLOAT16_NOT_FINITE);
          expect(areMergeable).toBe(areFinite && isMergeable(target));
          if (!areFinite) continue;
          expect(bitsOf(target)).toEqual(bitsOf(start.map((weight, i) => weight + float16Value(halves[i]!))));
        }
      }),
    );
  });

  it('tells one element that is not mergeable, wherever it is, and not before', () => {
    const nearest = Math.fround(MAX_WEIGHT_MAGNITUDE);
    const [above, below] = [nearest, Math.fround(nearest * (1 - 2 ** -24))];
    expect([above > MAX_WEIGHT_MAGNITUDE, below <= MAX_WEIGHT_MAGNITUDE]).toEqual([true, true]);
    for (const kernels of KERNELS) {
      for (let at = 0; at < 21; at++) {
        for (const [value, fits] of [
          [above, false],
          [-above, false],
          [below, true],
          [-below, true],
          [Number.NaN, false],
        ] as const) {
          const startWeights = new Float32Array(21);
          startWeights[at] = value;
          const range = { start: 0, end: 21 };
          const steps = new Int8Array(21);
          const halves = new Uint16Array(21);
          const target = new Float32Array(21);
          expect(kernels.decodeInt8({ startWeights, steps }, range, 0, target)).toBe(fits);
          expect(kernels.decodeFloat16({ startWeights, halves }, range, target)).toBe(fits);
          // A scale that is no number, as a damaged payload may have.
          expect(kernels.decodeInt8({ startWeights, steps }, range, Number.NaN, target)).toBe(false);
        }
      }
    }
  });

  it('refuses a range that leaves one of the vectors', () => {
    const startWeights = new Float32Array(4);
    for (const kernels of KERNELS) {
      const range = { start: 0, end: 4 };
      const short = { startWeights, halves: new Uint16Array(3) };
      expect(() => kernels.decodeFloat16(short, range, new Float32Array(4))).toThrow(RangeError);
      const steps = new Int8Array(4);
      expect(() => kernels.decodeInt8({ startWeights, steps }, range, 1, new Float32Array(3))).toThrow(
        RangeError,
      );
    }
  });

  it('gives the same bits for more than one block', () => {
    const length = 3 * 4096 + 13;
    const startWeights = Float32Array.from({ length }, (_, i) => Math.sin(i));
    const steps = Int8Array.from({ length }, (_, i) => i);
    const halves = Uint16Array.from({ length }, (_, i) => (i * 7919) % 0x7c00);
    const range = { start: 5, end: length - 2 };
    for (const kernels of KERNELS) {
      const [int8, float16, plain] = [1, 2, 3].map(() => new Float32Array(length));
      expect(kernels.decodeInt8({ startWeights, steps }, range, 0.01, int8!)).toBe(true);
      plainKernels.decodeInt8({ startWeights, steps }, range, 0.01, plain!);
      expect(bitsOf(int8!)).toEqual(bitsOf(plain!));
      expect(kernels.decodeFloat16({ startWeights, halves }, range, float16!)).toBe(true);
      plainKernels.decodeFloat16({ startWeights, halves }, range, plain!);
      expect(bitsOf(float16!)).toEqual(bitsOf(plain!));
    }
  });
});
