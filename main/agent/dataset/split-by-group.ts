import { seededRandom } from '@genba/shared/model/random';
import { type Split, type SplitOptions, shuffle } from './split.ts';

/** Most of what is still wanted that one group may bring: a huge lot does not become the whole validation part. */
const MOST_OF_WANTED = 2;

/**
 * Splits examples into training and validation so that no group is on both sides. A group of which an example was in a
 * part before stays there whole, in training if in doubt: what a model has learned from must not judge it. Of the new
 * groups so many are held out that the share comes about right; one at least is trained on.
 * @param groups name of each example's group
 */
export function splitByGroup(
  groups: readonly string[],
  { validationShare, seed, before = () => null }: SplitOptions,
): Split {
  const places = Map.groupBy(groups.keys(), (place) => groups[place]!);
  const training: number[] = [];
  const validation: number[] = [];
  const fresh: number[][] = [];
  for (const name of [...places.keys()].sort()) {
    const own = places.get(name)!;
    const parts = new Set(own.map(before));
    if (parts.has('training')) training.push(...own);
    else if (parts.has('validation')) validation.push(...own);
    else fresh.push(own);
  }
  const wanted = Math.round(groups.length * validationShare);
  for (const [index, own] of shuffle(fresh, seededRandom(seed)).entries()) {
    const left = wanted - validation.length;
    const isLastHope = training.length === 0 && index === fresh.length - 1;
    const isTaken = left > 0 && own.length <= MOST_OF_WANTED * left && !isLastHope;
    (isTaken ? validation : training).push(...own);
  }
  const ascending = (a: number, b: number) => a - b;
  return { training: training.sort(ascending), validation: validation.sort(ascending) };
}
