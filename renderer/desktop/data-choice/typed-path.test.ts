import { describe, expect, it } from 'vitest';
import { pathIn } from './typed-path.ts';

describe('pathIn', () => {
  it.each<[string, string]>([
    ['D:\\検査\\写真', 'D:\\検査\\写真'],
    [' "D:\\検査 ライン\\写真" ', 'D:\\検査 ライン\\写真'],
    ['\\\\server\\share\\写真', '\\\\server\\share\\写真'],
    ['/srv/data', '/srv/data'],
    ['c:/写真（予備）', 'c:/写真（予備）'],
  ])('takes the whole path %s', (typed, path) => {
    expect(pathIn(typed)).toBe(path);
  });

  it.each(['写真', '.\\写真', 'D:', ''])('takes no part of one: %s', (typed) => {
    expect(pathIn(typed)).toBeNull();
  });
});
