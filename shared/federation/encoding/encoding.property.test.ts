import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightLayout } from '../../model/layout.ts';
import { addShift } from '../shift.ts';
import { allKernels, bitsOf, weightValue } from '../testing.ts';
import { isMergeable } from '../validate.ts';
import { encodeUpdate } from './encode-update.ts';
import { ELEMENT_BYTES, headerBytes, payloadBytes } from './payload-size.ts';
import { decodeUpdate, UpdateDecoder } from './update-decoder.ts';
import type { DeltaEncoding } from './update-encoding.ts';

const KERNELS = allKernels();
const ENCODINGS: DeltaEncoding[] = ['float16', 'int8'];

/** A layout of tensors of these sizes. */
function layoutOf(sizes: readonly number[]): WeightLayout {
  let offset = 0;
  const tensors = sizes.map((size, index) => {
    const tensor = { name: `t${index}`, layer: 'l', role: 'trainable', shape: [size], offset, size } as const;
    offset += size;
    return tensor;
  });
  return { tensors, size: offset };
}

const updates = fc
  .record({
    encoding: fc.constantFrom(...ENCODINGS),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
  })
  .chain(({ encoding, sizes }) => {
    const layout = layoutOf(sizes);
    const vector = fc
      .array(weightValue(), { minLength: layout.size, maxLength: layout.size })
      .map((values) => Float32Array.from(values));
    return fc.record({
      form: fc.constant({ encoding, layout }),
      start: vector,
      change: vector,
      changeScale: fc.constantFrom(1e-6, 1e-3, 1),
      cuts: fc.array(fc.nat(layout.size), { maxLength: 5 }),
    });
  });

/** W from S and a change, as training makes it. */
function trainedBy(start: Float32Array, change: Float32Array, scale: number): Float32Array {
  return start.map((weight, i) => weight + scale * change[i]!);
}

describe('an encoded update', () => {
  it('is decoded to the very bits the client counts as sent, with all kernels and in any pieces', () => {
    let encodedCount = 0;
    fc.assert(
      fc.property(updates, ({ form, start, change, changeScale, cuts }) => {
        const encoded = encodeUpdate(form, trainedBy(start, change, changeScale), start);
        if (encoded === null) return;
        encodedCount++;
        const { payload, weights } = encoded;
        expect(payload.byteLength).toBe(payloadBytes(form.encoding, form.layout));
        expect(isMergeable(weights)).toBe(true);
        const header = headerBytes(form.encoding, form.layout);
        const width = ELEMENT_BYTES[form.encoding];
        const edges = [0, ...cuts, form.layout.size].toSorted((a, b) => a - b);
        for (const kernels of KERNELS) {
          expect(bitsOf(decodeUpdate(form, payload, start, kernels)!)).toEqual(bitsOf(weights));
          const decoder = new UpdateDecoder(form, payload.subarray(0, header), kernels);
          const pieces = new Float32Array(form.layout.size);
          for (const [index, end] of edges.entries()) {
            const first = edges[index - 1] ?? 0;
            const run = {
              first,
              payload: payload.slice(header + first * width, header + end * width),
              startWeights: start.subarray(first, end),
              target: pieces.subarray(first, end),
            };
            expect(decoder.decode(run)).toBe(true);
          }
          expect(bitsOf(pieces)).toEqual(bitsOf(weights));
        }
      }),
      { numRuns: 500 },
    );
    expect(encodedCount).toBeGreaterThan(200);
  });

  it('differs from the weights by no more than half a step, and float32 rounding', () => {
    fc.assert(
      fc.property(updates, ({ form, start, change, changeScale }) => {
        const trained = trainedBy(start, change, changeScale);
        const encoded = encodeUpdate(form, trained, start);
        if (encoded === null) return;
        for (const { offset, size } of form.layout.tensors) {
          const deltas = Array.from({ length: size }, (_, i) => trained[offset + i]! - start[offset + i]!);
          const largest = Math.max(...deltas.map(Math.abs));
          deltas.forEach((delta, i) => {
            const weight = encoded.weights[offset + i]!;
            const halfStep =
              form.encoding === 'int8' ? largest / 127 / 2 : Math.max(Math.abs(delta) * 2 ** -11, 2 ** -25);
            // Half a unit in the last place of the result; and, where the scale itself was rounded, a little more.
            const rounding = Math.abs(weight) * 2 ** -24 + largest * 2 ** -23 + 127 * 2 ** -149;
            expect(Math.abs(weight - trained[offset + i]!)).toBeLessThanOrEqual(halfStep + rounding);
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never loses what it leaves out: the reply brings it into the next delta', () => {
    fc.assert(
      fc.property(updates, fc.nat(), ({ form, start, change, changeScale }, seed) => {
        const trained = trainedBy(start, change, changeScale);
        const encoded = encodeUpdate(form, trained, start);
        if (encoded === null) return;
        const reply = start.map((weight, i) => weight + changeScale * Math.sin(seed + i));
        const installed = addShift(trained, encoded.weights, reply);
        installed.forEach((weight, i) => {
          const residual = trained[i]! - encoded.weights[i]!;
          const next = weight - reply[i]!;
          const rounding = 2 ** -23 * (Math.abs(weight) + Math.abs(reply[i]!) + Math.abs(residual));
          expect(Math.abs(next - residual)).toBeLessThanOrEqual(rounding);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('leaves only the last rounding behind after many updates of the same plant', () => {
    // A plant alone: the reply is what it sent. All its progress arrives, however coarse each step is.
    const layout = layoutOf([30, 7]);
    for (const encoding of ENCODINGS) {
      const first = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i) / 10);
      let start: Float32Array = first;
      let weights: Float32Array = first;
      const progress = new Float64Array(layout.size);
      let lastStep = 0;
      for (let round = 0; round < 200; round++) {
        const move = start.map((_, i) => 1e-4 * Math.sin(7 * i + round) * (i % 5 === 0 ? 1 : 1e-3));
        weights = weights.map((weight, i) => weight + move[i]!);
        move.forEach((value, i) => {
          progress[i]! += value;
        });
        const encoded = encodeUpdate({ encoding, layout }, weights, start)!;
        weights = addShift(weights, encoded.weights, encoded.weights);
        lastStep = Math.max(...weights.map((weight, i) => Math.abs(weight - encoded.weights[i]!)));
        start = encoded.weights;
      }
      const missing = start.map((weight, i) => weight - first[i]! - progress[i]!);
      // What 200 roundings of the weights to float32 cost at most, beside what the last update left out.
      expect(Math.max(...missing.map(Math.abs))).toBeLessThanOrEqual(lastStep + 400 * 2 ** -25);
    }
  });

  it('is the same bytes whenever it is made, and knows nothing of the rounds between', () => {
    fc.assert(
      fc.property(updates, ({ form, start, change, changeScale }) => {
        const once = trainedBy(start, change, changeScale);
        const twice = trainedBy(once, change, -changeScale / 2);
        const before = [twice, start].map((vector) => vector.slice());
        const squashed = encodeUpdate(form, twice, start);
        expect([twice, start]).toEqual(before);
        expect(encodeUpdate(form, before[0]!, before[1]!)).toEqual(squashed);
      }),
    );
  });

  it.each(ENCODINGS)('is refused where it does not fit: %s', (encoding) => {
    const layout = layoutOf([3]);
    const zero = new Float32Array(3);
    const encode = (value: number, start = zero) =>
      encodeUpdate({ encoding, layout }, Float32Array.of(0, value, 1), start);
    expect(encode(Number.NaN)).toBeNull();
    expect(encode(Number.POSITIVE_INFINITY)).toBeNull();
    expect(encode(2e30)).toBeNull();
    expect(encode(65_519)).not.toBeNull();
    expect(encode(65_520) === null).toBe(encoding === 'float16');
    expect(() => encodeUpdate({ encoding, layout }, zero, new Float32Array(2))).toThrow(RangeError);
    expect(() => decodeUpdate({ encoding, layout }, new Uint8Array(2), zero)).toThrow(RangeError);
  });

  it('has the documented bytes', () => {
    // By hand: δ = (0.5, −1, 0.25 | 2, 0). int8: scales 1/127 and 2/127; 0.5·127 = 63.5 → 64 (even), 0.25·127 =
    // 31.75 → 32. float16: 0.5 = 0x3800, −1 = 0xbc00, 0.25 = 0x3400, 2 = 0x4000.
    const layout = layoutOf([3, 2]);
    const start = Float32Array.of(1, 1, 1, 1, 1);
    const weights = Float32Array.of(1.5, 0, 1.25, 3, 1);
    const int8 = encodeUpdate({ encoding: 'int8', layout }, weights, start)!;
    expect([...new Float32Array(int8.payload.buffer, 0, 2)]).toEqual([1 / 127, 2 / 127].map(Math.fround));
    expect([...new Int8Array(int8.payload.buffer, 8)]).toEqual([64, -127, 32, 127, 0]);
    const float16 = encodeUpdate({ encoding: 'float16', layout }, weights, start)!;
    expect([...float16.payload]).toEqual([0, 0x38, 0, 0xbc, 0, 0x34, 0, 0x40, 0, 0]);
    expect(float16.weights).toEqual(weights);
  });
});
