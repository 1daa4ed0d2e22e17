import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  formatShiftPlan,
  isPlanOpen,
  nextTransition,
  parseShiftPlan,
  type ShiftPlan,
  ShiftPlanError,
} from './shift-plan.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** A plan, on a PC in the given time zone. */
function planIn(timeZone: string, text: string): ShiftPlan {
  process.env.TZ = timeZone;
  return parseShiftPlan(text)!;
}

const at = (iso: string) => Date.parse(iso);
const change = (plan: ShiftPlan, iso: string) => {
  const next = nextTransition(plan, at(iso));
  return next === null ? null : new Date(next).toISOString();
};

describe('parseShiftPlan', () => {
  it.each([
    ['mon-fri 22:00-06:00, sat-sun all', 'mon-fri 22:00-06:00, sat-sun all'],
    ['fri-mon 8:00-9:30', 'mon fri-sun 08:00-09:30'],
    ['22:00-06:00', 'daily 22:00-06:00'],
    ['Mon Wed FRI 12:00-13:00 18:00-24:00', 'mon wed fri 12:00-13:00, mon wed fri 18:00-24:00'],
    ['月-金 22:00-06:00、土日 終日', 'mon-fri 22:00-06:00, sat-sun all'],
    ['月曜〜金曜　２２：００～６：００', 'mon-fri 22:00-06:00'],
    ['毎日 0:00 - 5:00', 'daily 00:00-05:00'],
  ])('reads %s', (text, canonical) => {
    const plan = parseShiftPlan(text)!;
    expect(formatShiftPlan(plan)).toBe(canonical);
    expect(parseShiftPlan(canonical)).toEqual({ ...plan, windows: parseShiftPlan(canonical)!.windows });
  });

  it('takes "always" for no plan', () => {
    expect(parseShiftPlan('always')).toBeNull();
    expect(parseShiftPlan('いつでも')).toBeNull();
  });

  it.each([
    ['', ''],
    ['mon-fri', 'mon-fri'],
    ['mon-fri 22:00', 'mon-fri 22:00'],
    ['mon 25:00-26:00', '25:00-26:00'],
    ['mon 10:60-11:00', '10:60-11:00'],
    ['mon 24:00-06:00', '24:00-06:00'],
    ['mon 08:00-08:00', '08:00-08:00'],
    ['someday 08:00-09:00', 'someday'],
    ['mon-tue-wed 08:00-09:00', 'mon-tue-wed'],
    ['mon 08:00-09:00 tue', 'tue'],
    ['mon 08:00-09:00,', ''],
  ])('refuses %j and names the part', (text, part) => {
    expect(() => parseShiftPlan(text)).toThrow(ShiftPlanError);
    try {
      parseShiftPlan(text);
    } catch (error) {
      expect((error as ShiftPlanError).part).toBe(part);
    }
  });

  it('refuses a text without end', () => {
    expect(() => parseShiftPlan('mon all,'.repeat(100))).toThrow(/longer than/);
  });
});

describe('nextTransition', () => {
  it('goes over midnight and over the week’s end', () => {
    const plan = planIn('Asia/Tokyo', 'mon-fri 22:00-06:00, sat-sun all');
    // Thursday 26 November 2026, 10:00 in Japan.
    expect(isPlanOpen(plan, at('2026-11-26T10:00+09:00'))).toBe(false);
    expect(change(plan, '2026-11-26T10:00+09:00')).toBe('2026-11-26T13:00:00.000Z');
    expect(isPlanOpen(plan, at('2026-11-26T22:00+09:00'))).toBe(true);
    expect(change(plan, '2026-11-26T22:00+09:00')).toBe('2026-11-26T21:00:00.000Z');
    // From Friday 22:00 it stays open until the end of Sunday; Monday begins at 22:00 only.
    expect(change(plan, '2026-11-27T22:00+09:00')).toBe('2026-11-29T15:00:00.000Z');
    expect(isPlanOpen(plan, at('2026-11-29T23:59:59.999+09:00'))).toBe(true);
    expect(isPlanOpen(plan, at('2026-11-30T00:00+09:00'))).toBe(false);
  });

  it('is up to a week away, and never where a plan does not change', () => {
    expect(change(planIn('Asia/Tokyo', 'mon 08:00-09:00'), '2026-11-30T09:00+09:00')).toBe(
      '2026-12-06T23:00:00.000Z',
    );
    expect(change(planIn('Asia/Tokyo', 'daily all'), '2026-11-30T09:00+09:00')).toBeNull();
    expect(nextTransition(null, 0)).toBeNull();
    expect(isPlanOpen(null, 0)).toBe(true);
  });

  it('follows the clock on the wall when summer time begins', () => {
    const plan = planIn('Europe/Berlin', 'sun 02:30-06:00');
    // 29 March 2026: 02:00 becomes 03:00, so the window opens half an hour late by the clock, at 03:00.
    expect(change(plan, '2026-03-29T01:00+01:00')).toBe('2026-03-29T01:00:00.000Z');
    expect(change(plan, '2026-03-29T03:00+02:00')).toBe('2026-03-29T04:00:00.000Z');
    const night = planIn('Europe/Berlin', 'sat 22:00-06:00');
    expect(change(night, '2026-03-28T22:00+01:00')).toBe('2026-03-29T04:00:00.000Z');
  });

  it('leaves out a window that summer time leaves out', () => {
    const plan = planIn('Europe/Berlin', 'sun 02:00-02:30');
    expect(change(plan, '2026-03-28T12:00+01:00')).toBe('2026-04-05T00:00:00.000Z');
  });

  it('keeps the night open through the repeated hour when summer time ends', () => {
    const plan = planIn('Europe/Berlin', 'sat 22:00-06:00');
    // 25 October 2026: 03:00 becomes 02:00. Nine hours long.
    expect(change(plan, '2026-10-24T22:00+02:00')).toBe('2026-10-25T05:00:00.000Z');
    const inside = planIn('Europe/Berlin', 'sun 02:00-02:30');
    expect(change(inside, '2026-10-25T02:00+02:00')).toBe('2026-10-25T00:30:00.000Z');
    expect(change(inside, '2026-10-25T02:30+02:00')).toBe('2026-10-25T01:00:00.000Z');
  });

  it('is the first minute at which the plan is otherwise, in every time zone', () => {
    const zones = fc.constantFrom('Asia/Tokyo', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    const minutes = fc.integer({ min: 0, max: 1439 });
    const days = fc.uniqueArray(fc.constantFrom('mon', 'tue', 'sat', 'sun'), { minLength: 1 });
    const clock = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
    const start = fc.integer({ min: at('2026-03-20T00:00Z'), max: at('2026-11-10T00:00Z') });
    fc.assert(
      fc.property(zones, days, minutes, minutes, start, (timeZone, names, from, to, now) => {
        fc.pre(from !== to);
        const plan = planIn(timeZone, `${names.join(' ')} ${clock(from)}-${clock(to)}`);
        const next = nextTransition(plan, now);
        const isOpen = isPlanOpen(plan, now);
        expect(next).not.toBeNull();
        expect(isPlanOpen(plan, next!)).toBe(!isOpen);
        let minute = Math.floor(now / 60_000) * 60_000;
        for (; minute <= next! - 60_000; minute += 60_000) {
          if (minute >= now) expect(isPlanOpen(plan, minute)).toBe(isOpen);
        }
        expect(next! % 60_000).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
