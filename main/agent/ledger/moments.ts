import { InvalidArgumentError } from 'commander';

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * Reads a day (midnight on this PC's clock) or a moment in ISO 8601.
 * @param daysLater added to a day, not to a moment: 1 makes a bound that the whole day lies before
 * @returns ISO 8601 in UTC
 * @throws InvalidArgumentError for anything else, such as 30 February
 */
export function momentOf(typed: string, daysLater: 0 | 1): string {
  const text = typed.trim().normalize('NFKC').replaceAll('/', '-');
  const day = DAY.exec(text);
  if (day !== null) {
    const [year, month, date] = day.slice(1).map(Number) as [number, number, number];
    const midnight = new Date(year, month - 1, date);
    const isReal = midnight.getMonth() === month - 1 && midnight.getDate() === date;
    if (isReal) return new Date(year, month - 1, date + daysLater).toISOString();
  } else if (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text))) {
    return new Date(text).toISOString();
  }
  throw new InvalidArgumentError('a day such as 2026-11-26, or a moment such as 2026-11-26T09:00');
}

/** A moment on this PC's clock, in the form that tables and spreadsheets read: `2026-11-26 09:00:00`. */
export function localMoment(iso: string): string {
  const at = new Date(iso);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}
