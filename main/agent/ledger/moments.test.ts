import { describe, expect, it } from 'vitest';
import { localMoment, momentOf } from './moments.ts';

describe('momentOf', () => {
  it.each([
    ['2026-11-26', 0, new Date(2026, 10, 26)],
    ['2026/11/26', 0, new Date(2026, 10, 26)],
    ['２０２６－１１－２６', 0, new Date(2026, 10, 26)],
    ['2026-12-31', 1, new Date(2027, 0, 1)],
    ['2026-11-26T09:30', 1, new Date(2026, 10, 26, 9, 30)],
    ['2026-11-26T09:30:00+09:00', 0, new Date('2026-11-26T00:30:00Z')],
  ] as const)('reads %s, %i days later', (typed, daysLater, expected) => {
    expect(momentOf(typed, daysLater)).toBe(expected.toISOString());
  });

  it.each(['2026-02-30', '2026-13-01', 'yesterday', '', '26.11.2026', '2026-11-26T99:00'])(
    'refuses %j',
    (typed) => {
      expect(() => momentOf(typed, 0)).toThrow(/a day such as/);
    },
  );
});

it('tells a moment by this PC’s clock', () => {
  expect(localMoment(new Date(2026, 0, 2, 3, 4, 5).toISOString())).toBe('2026-01-02 03:04:05');
});
