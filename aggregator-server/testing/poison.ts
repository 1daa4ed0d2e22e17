import { trained } from './fixtures.ts';

/** What a bad plant does to the weights it has: its training, scaled by a factor. */
export function scaled(weights: Float32Array, seed: number, factor: number): Float32Array {
  const honest = trained(weights, seed);
  return weights.map((value, index) => value + factor * (honest[index]! - value));
}

/** An update that is ordinary as a whole, but for one layer; `range` is that layer's. */
export function wildIn(
  weights: Float32Array,
  seed: number,
  { start, end, factor }: { readonly start: number; readonly end: number; readonly factor: number },
): Float32Array {
  const honest = trained(weights, seed);
  const wild = scaled(weights, seed, factor);
  return honest.map((value, index) => (index >= start && index < end ? wild[index]! : value));
}
