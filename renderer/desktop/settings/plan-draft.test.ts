import { parseShiftPlan } from '@genba/shared/local-api/shift-plan';
import { describe, expect, it } from 'vitest';
import { clockOf, draftOf, isAllDay, minutesOf, nextWindow, planTextOf, withAllDay } from './plan-draft.ts';

describe('a shift plan that is edited', () => {
  it.each(['mon-fri 22:00-06:00, sat-sun all', 'daily 12:15-13:00', 'tue thu 00:00-05:30'])(
    'is saved as it was opened: %s',
    (text) => {
      expect(planTextOf(draftOf(text))).toEqual({ text });
    },
  );

  it('is open at any time without a window', () => {
    expect(draftOf(null)).toEqual([]);
    expect(planTextOf([])).toEqual({ text: null });
  });

  it('takes more windows, each with a name of its own', () => {
    const one = draftOf('sat all');
    const two = [...one, nextWindow(one)];
    expect(new Set(two.map(({ key }) => key)).size).toBe(2);
    const saved = planTextOf(two);
    expect(saved).toEqual({ text: 'sat all, mon-fri 22:00-06:00' });
    expect(parseShiftPlan('sat all, mon-fri 22:00-06:00')?.windows).toHaveLength(2);
  });

  it('says what is wrong with it', () => {
    const window = nextWindow([]);
    expect(planTextOf([{ ...window, days: [] }])).toBe('noDays');
    expect(planTextOf([{ ...window, end: window.start }])).toBe('noLength');
    const many = Array.from({ length: 40 }, (_, key) => ({ ...window, key }));
    expect(planTextOf(many)).toBe('long');
  });

  it('knows whole days and the clock', () => {
    const whole = withAllDay(nextWindow([]), true);
    expect(isAllDay(whole)).toBe(true);
    expect(planTextOf([whole])).toEqual({ text: 'mon-fri all' });
    expect(isAllDay(withAllDay(whole, false))).toBe(false);
    expect(clockOf(1440)).toBe('00:00');
    expect(clockOf(minutesOf('07:05') ?? -1)).toBe('07:05');
    expect(minutesOf('')).toBeNull();
  });
});
