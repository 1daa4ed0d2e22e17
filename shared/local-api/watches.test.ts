import { expect, it } from 'vitest';
import { usualResults } from './watches.ts';

it.each([
  ['D:\\検査\\カメラ 1', 'D:\\検査\\カメラ 1 判定結果.csv'],
  ['D:\\検査\\カメラ 1\\', 'D:\\検査\\カメラ 1 判定結果.csv'],
  ['\\\\サーバー\\ログ\\1号機.CSV', '\\\\サーバー\\ログ\\1号機 判定結果.csv'],
  ['/srv/log/line 1.csv', '/srv/log/line 1 判定結果.csv'],
  ['/srv/2026.11.26', '/srv/2026.11.26 判定結果.csv'],
  ['/srv/.hidden', '/srv/.hidden 判定結果.csv'],
])('results of %s go to %s', (path, results) => {
  expect(usualResults(path, 'ja')).toBe(results);
});

it('they are named in the language of who reads them', () => {
  expect(usualResults('/srv/line.csv', 'en')).toBe('/srv/line results.csv');
});
