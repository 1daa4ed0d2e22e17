import { expect, it } from 'vitest';
import { gigabytesIn } from './gigabytes.ts';

it.each<[string, number | null]>([
  ['20', 20e9],
  ['０．５', 0.5e9],
  ['1,000', 1000e9],
  [' 20 GB ', 20e9],
  ['twenty', null],
  ['-1', null],
  ['', null],
])('reads %s gigabytes', (typed, bytes) => {
  expect(gigabytesIn(typed)).toBe(bytes);
});
