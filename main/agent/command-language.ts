import type { Language } from '@genba/shared/errors/catalogue';

/** The language this account works in, as far as the system tells; English where it is another one. */
export function systemLanguage(
  env: Readonly<Record<string, string | undefined>> = process.env,
  localeOf: () => string = () => Intl.DateTimeFormat().resolvedOptions().locale,
): Language {
  return (env.LC_ALL || env.LC_MESSAGES || env.LANG || localeOf()).startsWith('ja') ? 'ja' : 'en';
}
