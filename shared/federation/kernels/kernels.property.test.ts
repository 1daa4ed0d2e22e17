import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../calibration.ts';
import { mergeInto } from '../merge-into.ts';
import { movingAverage } from '../moving-average.ts';
import { adversarialVectors, allKernels, bitsOf, scatteredGroups, vectorLength } from '../testing.ts';
import { MAX_WEIGHT_MAGNITUDE } from '../validate.ts';
import { coefficientOf, type Kernels, LANES, newProjectionSums, type VectorPool } from './kernels.ts';
import { plainKernels } from './plain-kernels.ts';
import { SimdKernels } from './simd-kernels.ts';

const simdKernels = SimdKernels.create()!;

/** Where vectors lie: it must not matter. */
const PLACES = ['ordinary', 'off a boundary', 'pool', 'pool, off a boundary', 'here and there'] as const;

/** Puts copies of vectors of one length into a place. */
function placed(vectors: readonly Float32Array[], place: (typeof PLACES)[number]): Float32Array[] {
  const pool: VectorPool = simdKernels.createPool(vectors.length, vectors[0]!.length + 3);
  return vectors.map((vector, index) => {
    const isPooled = place.startsWith('pool') || (place === 'here and there' && index % 2 === 0);
    const space = isPooled ? pool.take() : new Float32Array(vector.length + 3);
    const offset = place.endsWith('off a boundary') ? 1 + (index % 3) : 0;
    const copy = space.subarray(offset, offset + vector.length);
    copy.set(vector);
    return copy;
  });
}

/** W, S, reference now, reference at base, G; under the relay the reference at base is S. */
function inputOf(vectors: readonly Float32Array[], isRelay: boolean) {
  const [clientWeights, startWeights, referenceNow, referenceAtBase, globalWeights] = vectors;
  return {
    clientWeights: clientWeights!,
    startWeights: startWeights!,
    referenceNow: referenceNow!,
    referenceAtBase: isRelay ? startWeights! : referenceAtBase!,
    globalWeights: globalWeights!,
  };
}

const merges = vectorLength().chain((length) =>
  fc.record({
    vectors: adversarialVectors(7, length),
    groups: scatteredGroups(length),
    mixingWeight: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    isRelay: fc.boolean(),
    place: fc.constantFrom(...PLACES),
  }),
);

describe('plain and SIMD kernels', () => {
  it('give the same bits, wherever the vectors lie', () => {
    fc.assert(
      fc.property(merges, ({ vectors, groups, mixingWeight, isRelay, place }) => {
        const run = (kernels: Kernels, moved: Float32Array[]) => {
          const targets = { globalWeights: moved[5]!, calibratedWeights: moved[6]! };
          const outcome = mergeInto(inputOf(moved, isRelay), { groups, mixingWeight }, targets, kernels);
          return { ...outcome, global: bitsOf(moved[5]!), reply: bitsOf(moved[6]!) };
        };
        const copies = vectors.map((vector) => vector.slice());
        expect(run(simdKernels, placed(vectors, place))).toEqual(run(plainKernels, copies));
        expect(copies.slice(0, 5).map(bitsOf)).toEqual(vectors.slice(0, 5).map(bitsOf));
      }),
      { numRuns: 1000 },
    );
  });

  it('say the same of what a vector holds, wherever one bad value lies', () => {
    // Bits of either side of both limits, of each sign.
    const bits = fc
      .constantFrom(0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fffffff, 0x7149f2ca, 0x7149f2cb, 0x00000001)
      .chain((magnitude) => fc.constantFrom(magnitude, (magnitude | 0x8000_0000) >>> 0));
    const found = new Set<string>();
    fc.assert(
      fc.property(
        vectorLength(),
        bits,
        fc.nat(),
        fc.constantFrom(...PLACES),
        (length, value, position, place) => {
          const vector = new Float32Array(length).fill(-0.5);
          if (length > 0) new Uint32Array(vector.buffer)[position % length] = value;
          const [moved] = placed([vector], place);
          const verdict = [plainKernels.isAllFinite(vector), plainKernels.isMergeable(vector)];
          expect([simdKernels.isAllFinite(moved!), simdKernels.isMergeable(moved!)]).toEqual(verdict);
          expect(verdict).toEqual([
            vector.every(Number.isFinite),
            vector.every((weight) => Math.abs(weight) <= MAX_WEIGHT_MAGNITUDE),
          ]);
          found.add(String(verdict));
        },
      ),
      { numRuns: 1000 },
    );
    expect([...found].sort()).toEqual(['false,false', 'true,false', 'true,true']);
  });

  it('give the same bits from one pass over both results as from one pass for each', () => {
    fc.assert(
      fc.property(merges, ({ vectors, groups, mixingWeight, isRelay, place }) => {
        for (const kernels of allKernels()) {
          const moved = placed(vectors, place);
          const input = inputOf(moved, isRelay);
          const targets = { globalWeights: moved[5]!, calibratedWeights: moved[6]! };
          const outcome = mergeInto(input, { groups, mixingWeight }, targets, kernels);
          const apart = calibrate(input, groups, kernels);
          const average = movingAverage(input.globalWeights, input.clientWeights, mixingWeight, kernels);
          expect(bitsOf(targets.calibratedWeights)).toEqual(bitsOf(apart.calibratedWeights));
          expect(bitsOf(targets.globalWeights)).toEqual(bitsOf(average));
          expect(outcome).toEqual({ calibration: apart.coefficients, overflowed: apart.overflowed });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('give the same bits when the results are written over inputs', () => {
    fc.assert(
      fc.property(
        merges,
        fc.constantFrom(1, 2, 3, 4),
        fc.constantFrom(0, 1, 2, 3, 4),
        ({ vectors, groups, mixingWeight, isRelay, place }, global, reply) => {
          fc.pre(global !== reply);
          const apart = vectors.map((vector) => vector.slice());
          const targets = { globalWeights: apart[5]!, calibratedWeights: apart[6]! };
          const expected = mergeInto(
            inputOf(apart, isRelay),
            { groups, mixingWeight },
            targets,
            plainKernels,
          );
          for (const kernels of allKernels()) {
            const moved = placed(vectors, place);
            const over = { globalWeights: moved[global]!, calibratedWeights: moved[reply]! };
            expect(mergeInto(inputOf(moved, isRelay), { groups, mixingWeight }, over, kernels)).toEqual(
              expected,
            );
            expect(bitsOf(over.globalWeights)).toEqual(bitsOf(targets.globalWeights));
            expect(bitsOf(over.calibratedWeights)).toEqual(bitsOf(targets.calibratedWeights));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('give the same bits for vectors longer than a call or a block', () => {
    // Three calls of 65,536 elements, or 49 blocks of 4,096, and a rest of neither.
    const length = 3 * 65_536 + 4_096 + 13;
    const [vectors] = fc.sample(adversarialVectors(7, length), { numRuns: 1, seed: 20261123 });
    const groups = [
      { name: 'a', ranges: [{ start: 3, end: 150_001 }] },
      { name: 'b', ranges: [{ start: 150_002, end: length }] },
    ];
    for (const isRelay of [true, false]) {
      const results = [plainKernels, simdKernels, simdKernels].map((kernels, run) => {
        const moved = placed(vectors!, run === 2 ? 'pool' : 'ordinary');
        const targets = { globalWeights: moved[5]!, calibratedWeights: moved[6]! };
        const outcome = mergeInto(inputOf(moved, isRelay), { groups, mixingWeight: 0.3 }, targets, kernels);
        return {
          outcome,
          bits: [bitsOf(moved[5]!), bitsOf(moved[6]!)].map((bits) => Buffer.from(bits.buffer)),
        };
      });
      for (const { outcome, bits } of results.slice(1)) {
        expect(outcome).toEqual(results[0]!.outcome);
        expect(bits.map((each, i) => each.equals(results[0]!.bits[i]!))).toEqual([true, true]);
      }
    }
  });
});

describe('coefficientOf', () => {
  it('sums the lanes two by two', () => {
    // By hand: (1 + 2^-53) + (2^-53 + 2^-53) = 1 + 2^-52; one after the other, each 2^-53 would be lost.
    expect(coefficientOf(Float64Array.of(1, 2 ** -53, 2 ** -53, 2 ** -53, 1, 0, 0, 0))).toBe(1 + 2 ** -52);
    expect(coefficientOf(Float64Array.of(1, 0, 0, 0, 1, 2 ** -53, 2 ** -53, 2 ** -53))).toBe(
      1 / (1 + 2 ** -52),
    );
  });

  it('is 0 where the client changed nothing', () => {
    expect(coefficientOf(newProjectionSums())).toBe(0);
  });
});

describe.each(allKernels())('$name kernels', (kernels) => {
  it('add element start + k to lane k mod 4, in ascending order', () => {
    const ranges = fc
      .tuple(fc.nat(60), fc.nat(60))
      .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
    fc.assert(
      fc.property(adversarialVectors(4, 60), ranges, fc.boolean(), (vectors, range, isRelay) => {
        const input = inputOf(vectors, isRelay);
        const sums = newProjectionSums();
        kernels.addProjection(input, range, sums);
        // The definition, element by element.
        const expected = newProjectionSums();
        for (let k = 0; range.start + k < range.end; k++) {
          const i = range.start + k;
          const delta = input.clientWeights[i]! - input.startWeights[i]!;
          const shift = input.referenceNow[i]! - input.referenceAtBase[i]!;
          expected[k % LANES]! += shift * delta;
          expected[LANES + (k % LANES)]! += delta * delta;
        }
        expect(sums).toEqual(expected);
      }),
    );
  });

  it('go on with the sums of the ranges before', () => {
    // By hand: δ = 1..9, Δ = 2: dot products in lanes 2 (1+5+9), 2 (2+6), 2 (3+7), 2 (4+8); then 2·1 to lane 0.
    const clientWeights = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 1);
    const zero = new Float32Array(10);
    const input = {
      clientWeights,
      startWeights: zero,
      referenceNow: zero.slice().fill(2),
      referenceAtBase: zero,
    };
    const sums = newProjectionSums();
    kernels.addProjection(input, { start: 0, end: 9 }, sums);
    kernels.addProjection(input, { start: 9, end: 10 }, sums);
    expect([...sums]).toEqual([32, 16, 20, 24, 108, 40, 58, 80]);
    expect(coefficientOf(sums)).toBe(92 / 286);
  });

  it('tell when a reply overflows, whatever element it is, and not before', () => {
    const largest = (2 - 2 ** -23) * 2 ** 127;
    const pool = kernels.createPool(4, 19);
    for (let at = 0; at < 19; at++) {
      for (const [value, expected] of [
        [largest, true],
        [-largest, true],
        [largest / 4, false],
      ] as const) {
        // W = Δ = value at one element, so the reply there is 2 · value; c = 0.
        const [client, start, now, target] = [pool.take(), pool.take(), pool.take(), pool.take()];
        for (const vector of [client, start, now, target]) vector.fill(0);
        client[at] = value;
        now[at] = value;
        const input = {
          clientWeights: client,
          startWeights: start,
          referenceNow: now,
          referenceAtBase: start,
        };
        const range = { start: 0, end: 19 };
        expect(kernels.calibrate(input, range, 0, target)).toBe(expected);
        const both = { globalWeights: start, calibratedWeights: target };
        const factors = { coefficient: 0, mixingWeight: 0.5 };
        expect(kernels.merge({ ...input, globalWeights: start }, range, factors, both)).toBe(expected);
        pool.keepOnly([]);
      }
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'tell when a client weight is %s, in a group or in none',
    (value) => {
      const finite = new Float32Array(40).fill(1);
      for (let at = 0; at < 40; at++) {
        const clientWeights = finite.with(at, value);
        const run = (client: Float32Array) =>
          mergeInto(
            {
              clientWeights: client,
              startWeights: finite,
              referenceNow: finite,
              referenceAtBase: finite,
              globalWeights: finite,
            },
            { groups: [{ name: 'half', ranges: [{ start: 0, end: 20 }] }], mixingWeight: 0.5 },
            { globalWeights: new Float32Array(40), calibratedWeights: new Float32Array(40) },
            kernels,
          ).overflowed;
        expect(run(clientWeights)).toBe(true);
        expect(run(finite)).toBe(false);
      }
    },
  );

  it('refuse a range outside any vector, and write nothing', () => {
    const five = new Float32Array(5).fill(1);
    const four = new Float32Array(4).fill(1);
    const input = {
      clientWeights: five,
      startWeights: five,
      referenceNow: five,
      referenceAtBase: five,
      globalWeights: five,
    };
    const target = new Float32Array(5);
    for (const range of [
      { start: 0, end: 6 },
      { start: -1, end: 3 },
      { start: 3, end: 2 },
      { start: 0.5, end: 3 },
      { start: 0, end: Number.NaN },
    ]) {
      expect(() => kernels.average(input, range, 0.5, target)).toThrow(RangeError);
      expect(() => kernels.calibrate(input, range, 0, target)).toThrow(RangeError);
      expect(() => kernels.addProjection(input, range, newProjectionSums())).toThrow(RangeError);
    }
    expect(() => kernels.average(input, { start: 0, end: 5 }, 0.5, four)).toThrow(/vector of 4/);
    expect([...target, ...four]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
    kernels.average(input, { start: 0, end: 5 }, 0.5, target);
    expect([...target]).toEqual([1, 1, 1, 1, 1]);
  });
});
