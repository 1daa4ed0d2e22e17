import { shiftStartsSchema } from '@genba/shared/local-api/shift-starts';
import { expect, it } from 'vitest';
import { draftOfShifts, type ShiftDraft, startsOf, withAnotherShift } from './shift-draft.ts';

it('gives the times in order, as the agent takes them', () => {
  const starts = startsOf(draftOfShifts(['20:00', '08:00']));
  expect(starts).toEqual(['08:00', '20:00']);
  expect(shiftStartsSchema.safeParse(starts).success).toBe(true);
});

it('gives none where a field is empty, or two shifts begin at once', () => {
  expect(startsOf(draftOfShifts(['08:00', '']))).toBe('empty');
  expect(startsOf(draftOfShifts(['08:00', '08:00']))).toBe('same');
  expect(startsOf([])).toBe('empty');
});

it('adds shifts eight hours apart, and no more than six', () => {
  let shifts: ShiftDraft[] | null = draftOfShifts(['08:30', '20:30']);
  shifts = withAnotherShift(shifts);
  expect(shifts?.map(({ start }) => start)).toEqual(['08:30', '20:30', '04:30']);
  expect(new Set(shifts?.map(({ key }) => key)).size).toBe(3);
  expect(withAnotherShift(draftOfShifts(['01:00', '02:00', '03:00', '04:00', '05:00', '06:00']))).toBeNull();
});
