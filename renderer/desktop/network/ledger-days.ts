import type { LedgerQuery } from '@genba/shared/local-api/ledger';

/** The day of a moment by the clock of this PC, `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Midnight at which a day begins on this PC, so many days later; a day of changed clocks has 23 or 25 hours. */
function midnightOf(day: string, daysLater: number): Date {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + daysLater);
}

/** The day so many days later. */
export function laterDay(day: string, daysLater: number): string {
  return dayOf(midnightOf(day, daysLater).getTime());
}

/** Asks for what left on one day. */
export function queryOfDay(day: string, after: number): LedgerQuery {
  return {
    since: midnightOf(day, 0).toISOString(),
    until: midnightOf(day, 1).toISOString(),
    after,
  };
}
