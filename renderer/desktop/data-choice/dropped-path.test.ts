import { expect, it } from 'vitest';
import { droppedPath } from './dropped-path.ts';

const folder = {};
const pathOf = (each: unknown) => (each === folder ? 'D:\\検査\\写真' : '');

it('takes the one thing that was dropped, where the shell knows its place', () => {
  expect(droppedPath([folder], pathOf)).toEqual({ path: 'D:\\検査\\写真' });
});

it.each([
  ['more than one thing', [folder, folder], pathOf, 'several'],
  ['what lies nowhere', [{}], pathOf, 'nowhere'],
  ['nothing', [], pathOf, 'nowhere'],
  ['anything in a browser', [folder], undefined, 'browser'],
] as const)('refuses %s', (_, dropped, places, problem) => {
  expect(droppedPath(dropped, places)).toBe(problem);
});
