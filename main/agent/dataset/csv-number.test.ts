import { describe, expect, it } from 'vitest';
import { isMissing, readMoment, readNumber } from './csv-number.ts';

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
