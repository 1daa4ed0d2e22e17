/**
 * Where each example stands among those of the other kind: of a good one the share of bad ones with a larger error, of a
 * bad one the share of good ones with a smaller error; equal ones count half. Their mean over either kind is the AUROC
 * (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988: structural components).
 * @param labels 0 for good ones
 * @param sorted errors of both kinds, ascending, neither empty
 */
export function placements(
  errors: Float64Array,
  labels: ArrayLike<number>,
  { good, bad }: { readonly good: Float64Array; readonly bad: Float64Array },
): Float64Array {
  return errors.map((error, place) => {
    const isGood = labels[place] === 0;
    const others = isGood ? bad : good;
    const smaller = (countBelow(others, error, false) + countBelow(others, error, true)) / 2;
    return isGood ? 1 - smaller / others.length : smaller / others.length;
  });
}

/** How many are below a value, or not above it. @param sorted ascending */
function countBelow(sorted: Float64Array, value: number, isEqualCounted: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const isBelow = isEqualCounted ? sorted[middle]! <= value : sorted[middle]! < value;
    if (isBelow) low = middle + 1;
    else high = middle;
  }
  return low;
}
