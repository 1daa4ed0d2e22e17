import { describe, expect, it } from 'vitest';
import { isMissing, readMoment, readNumber, splitUnit } from './csv-number.ts';

describe('readNumber', () => {
  it.each([
    ['1.5', '.', 1.5],
    [' -1.5e2 ', '.', -150],
    ['+.5', '.', 0.5],
    ['１２．５', '.', 12.5],
    ['−3', '.', -3],
    ['1,234.5', '.', 1234.5],
    ['1,234,567', '.', 1234567],
    ['12,5', ',', 12.5],
    ['1.234,5', ',', 1234.5],
    ['1.234.567', ',', 1234567],
    ['7', ',', 7],
  ] as const)('reads %j with decimal %j', (text, decimal, expected) => {
    expect(readNumber(text, decimal)).toBe(expected);
  });

  it.each([
    ['', '.'],
    ['abc', '.'],
    ['0x10', '.'],
    ['1e999', '.'],
    ['1,5', '.'],
    ['12,34,5', '.'],
    ['1.5', ','],
    ['1,2,3', ','],
    ['12 mm', '.'],
  ] as const)('refuses %j with decimal %j', (text, decimal) => {
    expect(readNumber(text, decimal)).toBeNull();
  });
});

it.each(['', ' ', '-', '―', 'NaN', 'n/a', 'ＮＡ', '欠損'])('takes %j for a missing value', (text) => {
  expect(isMissing(text)).toBe(true);
});

it.each(['0', 'x', '不良'])('does not take %j for a missing value', (text) => {
  expect(isMissing(text)).toBe(false);
});

describe('readMoment', () => {
  it('puts dates of one kind in order', () => {
    const times = [
      '2026年1月5日 8時30分',
      '2026年1月5日 10時05分07秒',
      '2026/1/6 0:00',
      '2026-02-01T00:00:00',
    ];
    const moments = times.map((text) => readMoment(text, '.'));
    expect(moments).not.toContain(null);
    expect([...moments].sort((a, b) => a! - b!)).toEqual(moments);
  });

  it('reads numbers, and refuses words', () => {
    expect(readMoment('42', '.')).toBe(42);
    expect(readMoment('lot 7', '.')).toBeNull();
    expect(readMoment('', '.')).toBeNull();
  });
});

describe('readMoment', () => {
  const wanted = new Date(2026, 10, 26, 8, 30).getTime();

  it.each([
    '2026-11-26 08:30',
    '2026/11/26 8:30:00',
    '2026年11月26日 8時30分',
    '２０２６年１１月２６日　８時３０分０秒',
    '令和8年11月26日 午前8時30分',
    'R8.11.26 8:30',
    '26.11.2026 08:30:00,0',
  ])('reads %j', (text) => {
    expect(readMoment(text, '.')).toBe(wanted);
  });

  it('heeds zones, afternoons, and fractions of a second', () => {
    expect(readMoment('2026-11-26T08:30:00.250+09:00', '.')).toBe(Date.UTC(2026, 10, 25, 23, 30, 0, 250));
    expect(readMoment('2026/11/26 午後0:05', '.')).toBe(new Date(2026, 10, 26, 12, 5).getTime());
    expect(readMoment('平成元年1月8日', '.')).toBe(new Date(1989, 0, 8).getTime());
  });

  it.each(['05/06/2026', '26-11-08', '2026/13/01', '2026/1/32', '2026/1/1 8:75', '8:30'])(
    'guesses nothing of %j',
    (text) => {
      expect(readMoment(text, '.')).toBeNull();
    },
  );
});

describe('splitUnit', () => {
  it.each([
    ['12.5 mm', '12.5', 'mm'],
    ['25℃', '25', '°C'],
    ['60 ％', '60', '%'],
    ['-1,5kN', '-1,5', 'kN'],
    ['9.8 m/s2', '9.8', 'm/s2'],
    ['4.7 kΩ', '4.7', 'kΩ'],
  ])('sets %j apart', (text, number, unit) => {
    expect(splitUnit(text)).toEqual({ number, unit });
  });

  it.each(['12', 'mm', '5k', '2 M', '1e', 'A12', '12-B', '3 x 4', '12 mm OK'])('finds none in %j', (text) => {
    expect(splitUnit(text)).toBeNull();
  });
});
