import { seededRandom } from '@genba/shared/model/random';

/** Places of the examples in either part, ascending. */
export interface Split {
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

export interface SplitOptions {
  /** Share held out, 0 to 1; of each class, so that rare ones are judged too. */
  readonly validationShare: number;
  /** Any 32-bit unsigned integer; the same seed and labels give the same split on every machine. */
  readonly seed: number;
  /** In which part an example was before, by its place; null for a new one. Left out: all are new. */
  readonly before?: (place: number) => ExamplePart | null;
}

export type ExamplePart = 'training' | 'validation';

/**
 * Splits examples into training and validation, class by class. A class keeps at least one training example. An example
 * that was in a part before stays there: what a model has learned from must not judge it. Of the new ones so many are
 * held out that the share comes right again, as far as they suffice.
 * Units: of n examples of a class, round(n × share) are held out.
 */
export function splitByClass(
  labels: Uint16Array,
  { validationShare, seed, before = () => null }: SplitOptions,
): Split {
  const placesByClass = new Map<number, number[]>();
  labels.forEach((label, place) => {
    const places = placesByClass.get(label);
    if (places) places.push(place);
    else placesByClass.set(label, [place]);
  });
  const random = seededRandom(seed);
  const validation: number[] = [];
  const training: number[] = [];
  for (const label of [...placesByClass.keys()].sort((a, b) => a - b)) {
    const places = placesByClass.get(label)!;
    const fresh: number[] = [];
    let wanted = Math.min(Math.round(places.length * validationShare), places.length - 1);
    for (const place of places) {
      const part = before(place);
      if (part === null) fresh.push(place);
      else if (part === 'training') training.push(place);
      else {
        validation.push(place);
        wanted -= 1;
      }
    }
    shuffle(fresh, random).forEach((place, index) => {
      (index < wanted ? validation : training).push(place);
    });
  }
  const ascending = (a: number, b: number) => a - b;
  return { training: training.sort(ascending), validation: validation.sort(ascending) };
}

/** Fisher and Yates, in place. */
export function shuffle<Item>(items: Item[], random: () => number): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = items[last]!;
    items[last] = items[other]!;
    items[other] = kept;
  }
  return items;
}
