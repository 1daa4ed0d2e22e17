import type { WeightLayout } from '../../model/layout.ts';
import { fastestKernels } from '../kernels/fastest-kernels.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { ELEMENT_BYTES, headerBytes, payloadBytes } from './payload-size.ts';
import type { DeltaEncoding } from './update-encoding.ts';

/** Consecutive elements of a model, to be decoded. */
export interface DecodeRun {
  /** Index of the first one in the whole vector. */
  readonly first: number;
  /** Their bytes; those of float16 start on a multiple of two. */
  readonly payload: Uint8Array;
  /** S_m of the same elements. */
  readonly startWeights: Float32Array;
  /** Receives Ŵ of the same elements; may be `startWeights`. */
  readonly target: Float32Array;
}

/**
 * Turns the payload of an update back into weights, run by run; both sides use it, so that the client knows what the
 * server has got.
 *
 * Equation: Ŵ = S + δ̂, with δ̂ = the float16 itself, or the int8 times the scale of its tensor.
 * Numerics: in float64, rounded once to float32; the same bits with all kernels.
 */
export class UpdateDecoder {
  readonly #encoding: DeltaEncoding;
  readonly #layout: WeightLayout;
  readonly #kernels: Kernels;
  readonly #scales: Float32Array;

  /**
   * @param header the payload's first {@link headerBytes}
   * @throws RangeError on a header of another size
   */
  constructor(
    { encoding, layout }: { readonly encoding: DeltaEncoding; readonly layout: WeightLayout },
    header: Uint8Array,
    kernels: Kernels = fastestKernels(),
  ) {
    if (header.byteLength !== headerBytes(encoding, layout)) {
      throw new RangeError(`a header of ${header.byteLength} bytes for ${encoding}`);
    }
    this.#encoding = encoding;
    this.#layout = layout;
    this.#kernels = kernels;
    this.#scales = new Float32Array(header.slice().buffer);
  }

  /**
   * Decodes a run.
   * @returns whether every result is fit to be merged (`isMergeable`) and no float16 is an infinity or no number
   * @throws RangeError when the run leaves the model, or its parts are of different lengths
   */
  decode({ first, payload, startWeights, target }: DecodeRun): boolean {
    const { length } = startWeights;
    const fits = payload.byteLength === length * ELEMENT_BYTES[this.#encoding] && target.length === length;
    if (!fits || first < 0 || first + length > this.#layout.size) {
      throw new RangeError(`${payload.byteLength} bytes for ${length} weights from ${first}`);
    }
    if (this.#encoding === 'float16') {
      const halves = new Uint16Array(payload.buffer, payload.byteOffset, length);
      return this.#kernels.decodeFloat16({ startWeights, halves }, { start: 0, end: length }, target);
    }
    const steps = new Int8Array(payload.buffer, payload.byteOffset, length);
    let areMergeable = true;
    for (const [index, { offset, size }] of this.#layout.tensors.entries()) {
      const start = Math.max(offset - first, 0);
      const end = Math.min(offset + size - first, length);
      if (start >= end) continue;
      const scale = this.#scales[index]!;
      if (!this.#kernels.decodeInt8({ startWeights, steps }, { start, end }, scale, target))
        areMergeable = false;
    }
    return areMergeable;
  }
}

/**
 * Decodes a whole payload.
 * @returns Ŵ, or null when it is not fit to be merged
 * @throws RangeError on a payload of another size
 */
export function decodeUpdate(
  form: { readonly encoding: DeltaEncoding; readonly layout: WeightLayout },
  payload: Uint8Array,
  startWeights: Float32Array,
  kernels?: Kernels,
): Float32Array<ArrayBuffer> | null {
  const header = headerBytes(form.encoding, form.layout);
  if (payload.byteLength !== payloadBytes(form.encoding, form.layout)) {
    throw new RangeError(`${payload.byteLength} bytes are no ${form.encoding} update of this model`);
  }
  const target = new Float32Array(startWeights.length);
  const decoder = new UpdateDecoder(form, payload.subarray(0, header), kernels);
  const run = { first: 0, payload: payload.subarray(header), startWeights, target };
  return decoder.decode(run) ? target : null;
}
