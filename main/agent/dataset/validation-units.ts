import type { ReadExamples } from './examples.ts';

/** Stretches into which what comes one after the other is cut. */
const STRETCHES = 10;

/**
 * What of a validation part belongs together where something is chosen by some of it and tried on the rest: the groups of
 * the split, or stretches of time, because neighbours in a series resemble each other and windows may share rows.
 * @param validation places of the examples, in their order in the part
 * @returns a number for each example of the part; null where each is by itself
 */
export function validationUnits(
  { groups, moments, overlaps }: Pick<ReadExamples, 'groups' | 'moments' | 'overlaps'>,
  validation: readonly number[],
): number[] | null {
  if (groups !== undefined) {
    const names = new Map<string, number>();
    return validation.map((place) => {
      const name = groups[place]!;
      if (!names.has(name)) names.set(name, names.size);
      return names.get(name)!;
    });
  }
  if (moments === undefined && overlaps === undefined) return null;
  const order = [...validation.keys()];
  if (moments !== undefined)
    order.sort((a, b) => moments[validation[a]!]! - moments[validation[b]!]! || a - b);
  const units = new Array<number>(validation.length);
  for (const [rank, index] of order.entries()) units[index] = Math.floor((rank * STRETCHES) / order.length);
  return units;
}
