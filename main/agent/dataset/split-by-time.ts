import type { Split, SplitOptions } from './split.ts';

/**
 * Splits examples into training and validation so that the newest are held out: a model is used on what comes after it
 * was trained. An example that was in a part before stays there; of the new ones the newest are held out, as many as
 * bring the share right again.
 * @param moments when each example came, larger is later; of equal ones the later in the list
 */
export function splitByTime(
  moments: readonly number[],
  { validationShare, before = () => null }: Omit<SplitOptions, 'seed'>,
): Split {
  const training: number[] = [];
  const validation: number[] = [];
  const fresh: number[] = [];
  for (const place of moments.keys()) {
    const part = before(place);
    if (part === null) fresh.push(place);
    else (part === 'training' ? training : validation).push(place);
  }
  const newestFirst = fresh.sort((a, b) => moments[b]! - moments[a]! || b - a);
  const wanted = Math.round(moments.length * validationShare) - validation.length;
  const most = training.length > 0 ? fresh.length : fresh.length - 1;
  const count = Math.min(Math.max(wanted, 0), Math.max(most, 0));
  validation.push(...newestFirst.slice(0, count));
  training.push(...newestFirst.slice(count));
  const ascending = (a: number, b: number) => a - b;
  return { training: training.sort(ascending), validation: validation.sort(ascending) };
}
