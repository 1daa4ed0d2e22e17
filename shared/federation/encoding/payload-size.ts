import type { WeightLayout } from '../../model/layout.ts';
import type { UpdateEncoding } from './update-encoding.ts';

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
