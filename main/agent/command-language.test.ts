import { expect, it } from 'vitest';
import { systemLanguage } from './command-language.ts';

it.each([
  [{ LC_ALL: 'en_US.UTF-8', LANG: 'ja_JP.UTF-8' }, 'ja-JP', 'en'],
  [{ LANG: 'ja_JP.UTF-8' }, 'en-US', 'ja'],
  // Windows sets none of them.
  [{}, 'ja-JP', 'ja'],
  [{ LC_ALL: '', LANG: '' }, 'de-DE', 'en'],
])('takes %o with the locale %s for %s', (env, locale, language) => {
  expect(systemLanguage(env, () => locale)).toBe(language);
});
