/**
 * `next`, with every part that says the same as in `previous` being the very object it was there: what was made from
 * that part is still good. For values as JSON has them.
 */
export function keepEqualParts<Value>(previous: unknown, next: Value): Value {
  if (Object.is(previous, next)) return next;
  if (Array.isArray(previous) && Array.isArray(next)) {
    const merged = next.map((item, index) => keepEqualParts(previous[index], item));
    const isSame =
      previous.length === merged.length && merged.every((item, index) => Object.is(item, previous[index]));
    return (isSame ? previous : merged) as Value;
  }
  if (!isRecord(previous) || !isRecord(next)) return next;
  const keys = Object.keys(next);
  const merged = Object.fromEntries(keys.map((key) => [key, keepEqualParts(previous[key], next[key])]));
  const isSame =
    Object.keys(previous).length === keys.length &&
    keys.every((key) => key in previous && Object.is(merged[key], previous[key]));
  return (isSame ? previous : merged) as Value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
