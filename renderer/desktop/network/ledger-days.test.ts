import { describe, expect, it } from 'vitest';
import { dayOf, laterDay, queryOfDay } from './ledger-days.ts';

describe('the days of the ledger', () => {
  it('are those of the clock on the wall', () => {
    expect(dayOf(new Date(2026, 1, 3, 23, 59).getTime())).toBe('2026-02-03');
    expect(laterDay('2026-02-28', 1)).toBe('2026-03-01');
    expect(laterDay('2027-01-01', -1)).toBe('2026-12-31');
  });

  it('go from midnight to midnight, and leave no moment out', () => {
    const { since, until, after } = queryOfDay('2026-02-03', 40);
    expect(after).toBe(40);
    expect(dayOf(Date.parse(since ?? ''))).toBe('2026-02-03');
    expect(dayOf(Date.parse(since ?? '') - 1)).toBe('2026-02-02');
    expect(until).toBe(queryOfDay('2026-02-04', 0).since);
  });
});
