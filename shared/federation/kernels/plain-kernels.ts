import { FLOAT16_NOT_FINITE, float16Value } from '../encoding/float16.ts';
import type { WeightRange } from '../groups.ts';
import { isAllFinite, isMergeable, MAX_WEIGHT_MAGNITUDE, requireInside } from '../validate.ts';
import { type AverageInput, type CalibrationInput, type Kernels, LANES } from './kernels.ts';

/** The kernels in plain TypeScript: runs everywhere, and says what the others must compute. */
export const plainKernels: Kernels = {
  name: 'plain',

  createPool(_count, length) {
    // Ordinary vectors are pooled well enough by the garbage collector.
    return { take: () => new Float32Array(length), keepOnly: () => {}, find: () => null };
  },

  vectorBeside({ length }) {
    return new Float32Array(length);
  },

  addProjection(input, range, sums) {
    requireInside(range, vectorsOf(input));
    const wholeQuads = range.end - ((range.end - range.start) % LANES);
    addQuads(input, { start: range.start, end: wholeQuads }, sums);
    const { clientWeights, startWeights, referenceNow, referenceAtBase } = input;
    for (let i = wholeQuads; i < range.end; i++) {
      const lane = i - wholeQuads;
      const delta = clientWeights[i]! - startWeights[i]!;
      sums[lane]! += (referenceNow[i]! - referenceAtBase[i]!) * delta;
      sums[LANES + lane]! += delta * delta;
    }
  },

  merge(input, range, { coefficient, mixingWeight }, targets) {
    requireInside(range, [
      ...vectorsOf(input),
      input.globalWeights,
      targets.globalWeights,
      targets.calibratedWeights,
    ]);
    let overflowed = false;
    for (let i = range.start; i < range.end; i++) {
      // Both before either is written: a target may be one of the inputs.
      const reply = replyAt(input, i, coefficient);
      const average = averageAt(input, i, mixingWeight);
      targets.calibratedWeights[i] = reply;
      targets.globalWeights[i] = average;
      overflowed ||= !Number.isFinite(reply);
    }
    return overflowed;
  },

  calibrate(input, range, coefficient, target) {
    requireInside(range, [...vectorsOf(input), target]);
    let overflowed = false;
    for (let i = range.start; i < range.end; i++) {
      const reply = replyAt(input, i, coefficient);
      target[i] = reply;
      overflowed ||= !Number.isFinite(reply);
    }
    return overflowed;
  },

  average(input, range, mixingWeight, target) {
    requireInside(range, [input.globalWeights, input.clientWeights, target]);
    let overflowed = false;
    for (let i = range.start; i < range.end; i++) {
      const average = averageAt(input, i, mixingWeight);
      target[i] = average;
      overflowed ||= !Number.isFinite(average);
    }
    return overflowed;
  },

  isAllFinite,

  isMergeable,

  decodeFloat16({ startWeights, halves }, range, target) {
    requireInside(range, [startWeights, halves, target]);
    let areMergeable = true;
    for (let i = range.start; i < range.end; i++) {
      const bits = halves[i]!;
      target[i] = startWeights[i]! + float16Value(bits);
      areMergeable &&= (bits & 0x7fff) < FLOAT16_NOT_FINITE && isFit(target[i]!);
    }
    return areMergeable;
  },

  decodeInt8({ startWeights, steps }, range, scale, target) {
    requireInside(range, [startWeights, steps, target]);
    let areMergeable = true;
    for (let i = range.start; i < range.end; i++) {
      target[i] = startWeights[i]! + scale * steps[i]!;
      areMergeable &&= isFit(target[i]!);
    }
    return areMergeable;
  },
};

function vectorsOf(input: CalibrationInput): Float32Array[] {
  return [input.clientWeights, input.startWeights, input.referenceNow, input.referenceAtBase];
}

/** Sweep one over a range of whole quads: element i + k in lane k. The lanes are variables, for speed only. */
function addQuads(input: CalibrationInput, range: WeightRange, sums: Float64Array): void {
  const { clientWeights, startWeights, referenceNow, referenceAtBase } = input;
  let [dot0, dot1, dot2, dot3] = [sums[0]!, sums[1]!, sums[2]!, sums[3]!];
  let [norm0, norm1, norm2, norm3] = [sums[4]!, sums[5]!, sums[6]!, sums[7]!];
  for (let i = range.start; i < range.end; i += LANES) {
    const delta0 = clientWeights[i]! - startWeights[i]!;
    const delta1 = clientWeights[i + 1]! - startWeights[i + 1]!;
    const delta2 = clientWeights[i + 2]! - startWeights[i + 2]!;
    const delta3 = clientWeights[i + 3]! - startWeights[i + 3]!;
    dot0 += (referenceNow[i]! - referenceAtBase[i]!) * delta0;
    dot1 += (referenceNow[i + 1]! - referenceAtBase[i + 1]!) * delta1;
    dot2 += (referenceNow[i + 2]! - referenceAtBase[i + 2]!) * delta2;
    dot3 += (referenceNow[i + 3]! - referenceAtBase[i + 3]!) * delta3;
    norm0 += delta0 * delta0;
    norm1 += delta1 * delta1;
    norm2 += delta2 * delta2;
    norm3 += delta3 * delta3;
  }
  sums.set([dot0, dot1, dot2, dot3, norm0, norm1, norm2, norm3]);
}

/** W + (Δ − c δ) of one element, rounded to float32. */
function replyAt(input: CalibrationInput, i: number, coefficient: number): number {
  const clientWeight = input.clientWeights[i]!;
  const shift = input.referenceNow[i]! - input.referenceAtBase[i]!;
  const delta = clientWeight - input.startWeights[i]!;
  return Math.fround(clientWeight + (shift - coefficient * delta));
}

/** (1 − β) G + β W of one element, rounded to float32. */
function averageAt(input: AverageInput, i: number, mixingWeight: number): number {
  return Math.fround((1 - mixingWeight) * input.globalWeights[i]! + mixingWeight * input.clientWeights[i]!);
}

/** False for what is no number as well. */
function isFit(weight: number): boolean {
  return Math.abs(weight) <= MAX_WEIGHT_MAGNITUDE;
}
