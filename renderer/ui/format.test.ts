import { describe, expect, it } from 'vitest';
import { createFormats } from './format.ts';

const en = createFormats('en');
const ja = createFormats('ja');
const now = Date.parse('2026-11-20T09:00:00.000Z');
const before = (milliseconds: number) => new Date(now - milliseconds).toISOString();

describe('ago', () => {
  it.each([
    [59_999, 'now', '今'],
    [60_000, '1 minute ago', '1分前'],
    [59 * 60_000, '59 minutes ago', '59分前'],
    [3 * 3_600_000, '3 hours ago', '3時間前'],
    [86_400_000, 'yesterday', '昨日'],
    [9 * 86_400_000, '9 days ago', '9日前'],
    // A clock that was set back.
    [-5_000, 'now', '今'],
  ])('%i ms: %s, %s', (milliseconds, english, japanese) => {
    expect(en.ago(before(milliseconds), now)).toBe(english);
    expect(ja.ago(before(milliseconds), now)).toBe(japanese);
  });
});

describe('duration', () => {
  it.each([
    [0, '0 sec', '0秒'],
    [300, '1 sec', '1秒'],
    [42_000, '42 sec', '42秒'],
    [60_000, '1 min', '1分'],
    [96_400, '1 min 36 sec', '1分36秒'],
    [3_600_000, '1 hr', '1時間'],
    [7_384_000, '2 hr 3 min', '2時間3分'],
    [-1, '0 sec', '0秒'],
  ])('%i ms: %s, %s', (milliseconds, english, japanese) => {
    expect(en.duration(milliseconds)).toBe(english);
    expect(ja.duration(milliseconds)).toBe(japanese);
  });
});

it('a clock shows seconds, beside hours and minutes as they are written elsewhere', () => {
  expect(ja.clock('2026-11-20T00:00:07')).toBe('00:00:07');
  expect(en.clock('2026-11-20T15:04:05')).toBe('15:04:05');
});

describe('moment', () => {
  it('leaves the date out today and gives it otherwise', () => {
    expect(ja.moment(before(0), now)).toMatch(/^\d{2}:\d{2}$/);
    expect(ja.moment(before(3 * 86_400_000), now)).toContain('11月17日');
  });
});

it('writes numbers as the language does', () => {
  expect(en.count(4812)).toBe('4,812');
  expect(ja.percent(0.9127)).toBe('91.3%');
  expect(en.wholePercent(0.627)).toBe('63%');
});

describe('size', () => {
  it.each([
    [999, '999 byte', '999byte'],
    [407_208, '407 kB', '407KB'],
    [200e6, '200 MB', '200MB'],
    [1.25e9, '1.3 GB', '1.3GB'],
  ])('says %i bytes', (bytes, english, japanese) => {
    expect([en.size(bytes), ja.size(bytes)]).toEqual([english, japanese]);
  });
});
