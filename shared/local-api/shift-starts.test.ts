import { describe, expect, it } from 'vitest';
import { DEFAULT_SHIFT_STARTS, shiftBegin, shiftStartsSchema } from './shift-starts.ts';

const at = (day: number, hours: number, minutes = 0) => new Date(2026, 10, day, hours, minutes).getTime();

describe('shiftBegin', () => {
  it.each([
    ['in the morning: the night is the one before', at(26, 8, 5), at(26, 8), at(25, 20)],
    ['at the very minute', at(26, 8), at(26, 8), at(25, 20)],
    ['a minute before', at(26, 7, 59), at(25, 20), at(25, 8)],
    ['after midnight', at(26, 0, 30), at(25, 20), at(25, 8)],
    ['in the evening', at(26, 23), at(26, 20), at(26, 8)],
  ])('with two shifts, %s', (_, now, current, before) => {
    expect(shiftBegin(DEFAULT_SHIFT_STARTS, now, 0)).toBe(current);
    expect(shiftBegin(DEFAULT_SHIFT_STARTS, now, 1)).toBe(before);
  });

  it('with one shift looks a day back, also over the end of a month', () => {
    const now = new Date(2026, 11, 1, 7).getTime();
    expect(shiftBegin(['08:30'], now, 0)).toBe(at(30, 8, 30));
    expect(shiftBegin(['08:30'], now, 1)).toBe(at(29, 8, 30));
  });

  it('with three shifts', () => {
    expect(shiftBegin(['06:00', '14:00', '22:00'], at(26, 5), 1)).toBe(at(25, 14));
  });
});

it.each([[[]], [['8:00']], [['24:00']], [['08:60']], [['20:00', '08:00']], [['08:00', '08:00']]])(
  'refuses %j',
  (starts) => {
    expect(shiftStartsSchema.safeParse(starts).success).toBe(false);
  },
);
