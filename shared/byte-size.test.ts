import { expect, it } from 'vitest';
import { parseByteSize } from './byte-size.ts';

it.each([
  ['500MB', 500e6],
  [' 1.5 TB ', 1.5e12],
  ['200gib', 200 * 2 ** 30],
  ['２０ＧＢ', 20e9],
  ['1kb', 1000],
  ['20', null],
  ['0MB', null],
  ['-1GB', null],
  ['1e3MB', null],
  ['99999999TB', null],
  ['', null],
])('reads %j as %s', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});
