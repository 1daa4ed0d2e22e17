import type { WeightLayout } from '../../model/layout.ts';
import { requireEqualLengths } from '../validate.ts';
import { FLOAT16_NOT_FINITE, float16Bits } from './float16.ts';
import { headerBytes, payloadBytes } from './payload-size.ts';
import { decodeUpdate } from './update-decoder.ts';
import type { DeltaEncoding } from './update-encoding.ts';

/** Steps to either side of zero; the int8 −128 is not used, so that both sides are alike. */
const STEPS = 127;
/** Adding and subtracting it rounds a float64 of up to ±2⁵¹ to a whole number, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/** An update as it travels. */
export interface EncodedUpdate {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Ŵ: what the other side decodes, bit for bit. The client counts this, not W, as sent. */
  readonly weights: Float32Array<ArrayBuffer>;
}

/**
 * Encodes a client's weights as their delta to its start weights.
 *
 * Equation: δ = W − S. float16: δ̂ = δ rounded. int8: δ̂ = s · round(δ / s), per tensor, s = max |δ| / 127.
 *   What is lost, W − Ŵ, stays in the client's weights and is part of its next delta (error feedback), because only
 *   what was sent is taken off when the reply is installed: W' = W + (reply − Ŵ).
 * Numerics: δ in float64, rounded to nearest, ties to even. Error feedback carries every rounding over to the next
 *   update, so nothing is gained by a random one, which doubles the error of each. A tensor that did not change, or by
 *   less than float32 can scale, has s = 0. With tensors of a layer scaled apart, a bias or a running variance that
 *   moves a hundred times as far as its neighbour does not cost that one its bits.
 * @returns null when the delta does not fit: a float16 or the result would leave its range; it must go as float32
 * @throws RangeError on different lengths
 */
export function encodeUpdate(
  { encoding, layout }: { readonly encoding: DeltaEncoding; readonly layout: WeightLayout },
  weights: Float32Array,
  startWeights: Float32Array,
): EncodedUpdate | null {
  requireEqualLengths({ weights, startWeights });
  const payload = new Uint8Array(payloadBytes(encoding, layout));
  const hasFit =
    encoding === 'float16'
      ? fillHalves(new Uint16Array(payload.buffer), weights, startWeights)
      : fillSteps(payload, layout, { weights, startWeights });
  if (!hasFit) return null;
  const decoded = decodeUpdate({ encoding, layout }, payload, startWeights);
  return decoded === null ? null : { payload, weights: decoded };
}

function fillHalves(halves: Uint16Array, weights: Float32Array, startWeights: Float32Array): boolean {
  for (let i = 0; i < halves.length; i++) {
    const bits = float16Bits(weights[i]! - startWeights[i]!);
    if ((bits & 0x7fff) >= FLOAT16_NOT_FINITE) return false;
    halves[i] = bits;
  }
  return true;
}

function fillSteps(
  payload: Uint8Array<ArrayBuffer>,
  layout: WeightLayout,
  { weights, startWeights }: { readonly weights: Float32Array; readonly startWeights: Float32Array },
): boolean {
  const scales = new Float32Array(payload.buffer, 0, layout.tensors.length);
  const steps = new Int8Array(payload.buffer, headerBytes('int8', layout));
  for (const [index, { offset, size }] of layout.tensors.entries()) {
    let largest = 0;
    for (let i = offset; i < offset + size; i++) {
      const magnitude = Math.abs(weights[i]! - startWeights[i]!);
      // Not a number fits nowhere.
      if (!(magnitude <= Number.MAX_VALUE)) return false;
      if (magnitude > largest) largest = magnitude;
    }
    const scale = Math.fround(largest / STEPS);
    scales[index] = scale;
    if (scale === 0) continue;
    for (let i = offset; i < offset + size; i++) {
      const step = (weights[i]! - startWeights[i]!) / scale + ROUNDER - ROUNDER;
      // A scale that was rounded down, as a subnormal one may be by much, leaves the rest to the next update.
      steps[i] = Math.max(-STEPS, Math.min(STEPS, step));
    }
  }
  return true;
}
