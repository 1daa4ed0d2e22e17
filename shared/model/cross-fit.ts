/** Most folds that parts are dealt into: the more, the closer a threshold of all but one is to that of all. */
const MOST_FOLDS = 10;

/** Parts of one fold, and what all others have chosen. */
export interface CrossFit<Choice> {
  readonly places: readonly number[];
  readonly choice: Choice;
}

/**
 * Has something chosen for each fold by the parts of all others; see {@link dealIntoFolds}.
 * @param choose by the places of some parts, a good one among them
 * @returns null where good parts do not reach for two folds
 */
export function chooseByOthers<Choice>(
  isGood: readonly boolean[],
  units: readonly number[] | null,
  choose: (others: readonly number[]) => Choice,
): readonly CrossFit<Choice>[] | null {
  const folds = dealIntoFolds(isGood, units);
  return (
    folds?.map((places) => {
      const inFold = new Set(places);
      return { places, choice: choose([...isGood.keys()].filter((place) => !inFold.has(place))) };
    }) ?? null
  );
}

/** One thing that stays whole when parts are dealt into folds. */
interface Unit {
  readonly places: number[];
  good: number;
}

/**
 * Deals parts into folds, so that a threshold can be chosen by all but one of them and tried on that one, in turn
 * (Stone, *Cross-Validatory Choice and Assessment of Statistical Predictions*, JRSS B 36, 1974). Good parts, by which
 * thresholds are chosen, are spread evenly; what belongs together stays in one fold.
 * @param isGood of each part
 * @param units what each part belongs to; null where each is by itself
 * @returns places of the parts of each fold; null where good parts do not reach for two
 */
export function dealIntoFolds(
  isGood: readonly boolean[],
  units: readonly number[] | null,
): readonly (readonly number[])[] | null {
  const byName = new Map<number, Unit>();
  for (const [place, good] of isGood.entries()) {
    const name = units?.[place] ?? place;
    const unit = byName.get(name) ?? { places: [], good: 0 };
    unit.places.push(place);
    unit.good += Number(good);
    byName.set(name, unit);
  }
  const sorted = [...byName.values()].sort((a, b) => b.good - a.good || b.places.length - a.places.length);
  const count = Math.min(MOST_FOLDS, sorted.filter(({ good }) => good > 0).length);
  if (count < 2) return null;
  const folds = Array.from({ length: count }, (): Unit => ({ places: [], good: 0 }));
  for (const { places, good } of sorted) {
    // The first of those that have the fewest.
    const least = folds.reduce((a, b) => (isLess(b, a, good > 0) ? b : a));
    least.places.push(...places);
    least.good += good;
  }
  return folds.map(({ places }) => places);
}

function isLess(one: Unit, other: Unit, byGood: boolean): boolean {
  return byGood ? one.good < other.good : one.places.length < other.places.length;
}
