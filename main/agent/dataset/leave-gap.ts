import type { ExamplePart, Split } from './split.ts';

/** Examples that share rows with those before and after them. */
export interface Overlaps {
  /** Places of the windows of each series, in their order. */
  readonly series: readonly (readonly number[])[];
  /** How many windows further on the last one begins that shares a row. */
  readonly reach: number;
}

/**
 * Leaves out windows between the two parts, so that no row is in both: a model must not be judged by rows that it has
 * learnt. Of two windows that share rows the one is left out that is in training, unless it was learnt from before.
 * @param before in which part an example was; null for a new one
 */
export function leaveGap(
  { training, validation }: Split,
  { series, reach }: Overlaps,
  before: (place: number) => ExamplePart | null,
): Split {
  if (reach === 0) return { training, validation };
  const held = new Set(validation);
  const learnt = new Set(training);
  for (const windows of series) {
    for (const [index, place] of windows.entries()) {
      if (!held.has(place)) continue;
      const near = windows.slice(Math.max(0, index - reach), index + reach + 1);
      const sharing = near.filter((other) => learnt.has(other));
      if (sharing.some((other) => before(other) === 'training')) held.delete(place);
      else for (const other of sharing) learnt.delete(other);
    }
  }
  return {
    training: training.filter((place) => learnt.has(place)),
    validation: validation.filter((place) => held.has(place)),
  };
}
