/** Held-out examples that every update is judged on. */
export interface CheckSet {
  /** As they enter the model, example after example: bytes are pixels that count as 0 to 1. */
  readonly inputs: Uint8Array | Float32Array;
  /** The class of each by index; where a number is learnt, that number, scaled by the task's range. */
  readonly labels: Uint8Array | Int32Array | Float32Array;
}

/** Largest pixel byte; pixels reach the model as 0 to 1, as at the plants. */
const PIXEL_MAXIMUM = 255;

/** The inputs of some examples as a model takes them. @param width values of one example */
export function inputsOf({ inputs }: CheckSet, start: number, length: number, width: number): Float32Array {
  const part = inputs.subarray(start * width, (start + length) * width);
  if (part instanceof Float32Array) return part;
  return Float32Array.from(part, (value) => value / PIXEL_MAXIMUM);
}
