import type { WeightLayout } from '../../model/layout.ts';

/**
 * How an update travels. `float32`: the client's weights W as they are. The others carry the delta δ = W − S in fewer
 * bits, because the same bits spent on W would lose what the client has learnt; see `encodeUpdate`.
 */
export const UPDATE_ENCODINGS = ['float32', 'float16', 'int8'] as const;

export type UpdateEncoding = (typeof UPDATE_ENCODINGS)[number];

/** The encodings of a delta: whoever decodes them needs S. */
export type DeltaEncoding = Exclude<UpdateEncoding, 'float32'>;

/** Bytes of one element on the wire. */
export const ELEMENT_BYTES = {
  float32: Float32Array.BYTES_PER_ELEMENT,
  float16: Uint16Array.BYTES_PER_ELEMENT,
  int8: Int8Array.BYTES_PER_ELEMENT,
} as const satisfies Record<UpdateEncoding, number>;

/** Bytes before the first element: under int8 one scale per tensor. */
export function headerBytes(encoding: UpdateEncoding, layout: WeightLayout): number {
  return encoding === 'int8' ? layout.tensors.length * Float32Array.BYTES_PER_ELEMENT : 0;
}

/** Bytes of a whole update on the wire. */
export function payloadBytes(encoding: UpdateEncoding, layout: WeightLayout): number {
  return headerBytes(encoding, layout) + layout.size * ELEMENT_BYTES[encoding];
}
