import type { WeightLayout } from './layout.ts';
import { seededRandom } from './random.ts';

/**
 * The weights a task starts from, the same on every machine for the same seed: those that are drawn, tensor after
 * tensor in the order of the layout, and those that begin with set values. The layout says which; see `layer-tensors.ts`.
 *
 * Shapes: returns a vector of `layout.size`, owned by the caller.
 */
export function initialWeights(layout: WeightLayout, seed: number): Float32Array {
  const weights = new Float32Array(layout.size);
  const random = seededRandom(seed);
  for (const { offset, size, initial = { value: 0 } } of layout.tensors) {
    const values = weights.subarray(offset, offset + size);
    if ('value' in initial) values.fill(initial.value);
    else if ('parts' in initial) {
      const length = size / initial.parts.length;
      for (const [part, value] of initial.parts.entries())
        values.fill(value, part * length, (part + 1) * length);
    } else for (let i = 0; i < size; i++) values[i] = (2 * random() - 1) * initial.limit;
  }
  return weights;
}
