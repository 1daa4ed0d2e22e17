/** Which sign separates whole numbers from decimals. */
export type DecimalSign = '.' | ',';

/** A number as machines write it; `Number` alone would also take hexadecimal and the empty string. */
const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Thousands set apart, as `1,234.5` or `1.234,5`. */
const GROUPED = { '.': /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/, ',': /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/ } as const;

/** What loggers and people write where there is no value. */
const MISSING = new Set([
  '',
  '-',
  '--',
  '―',
  '—',
  '–',
  '*',
  'na',
  'n/a',
  '#n/a',
  'nan',
  'null',
  'none',
  '欠損',
  '欠測',
  'なし',
]);

/** A field without the differences that no one means: full-width digits, spaces around it. */
export function tidyField(text: string): string {
  return text.normalize('NFKC').trim();
}

/** Whether a field says that there is no value. */
export function isMissing(text: string): boolean {
  return MISSING.has(tidyField(text).toLowerCase());
}

/**
 * Reads a number: full-width digits, thousands set apart, either decimal sign.
 * @returns null for what is none, or is too large for float32
 */
export function readNumber(text: string, decimal: DecimalSign): number | null {
  // The minus sign of typesetters stays as it is under NFKC.
  let tidy = tidyField(text).replace(/^[−‐]/, '-');
  if (GROUPED[decimal].test(tidy)) tidy = tidy.replaceAll(decimal === '.' ? ',' : '.', '');
  // Under a decimal comma a point can only group, so `1.5` is left to be refused by the pattern above or below.
  if (decimal === ',') tidy = tidy.includes('.') ? '' : tidy.replace(',', '.');
  if (!PLAIN.test(tidy)) return null;
  const number = Number(tidy);
  return Number.isFinite(Math.fround(number)) ? number : null;
}

/** Date and time as Japanese and other machines write it. */
const JAPANESE_DATE = /^(\d{4})年(\d{1,2})月(\d{1,2})日/;

/**
 * Reads a moment for putting rows in order: a number, or a date with or without time.
 * @returns null for what is neither; numbers and dates must not be mixed in one column
 */
export function readMoment(text: string, decimal: DecimalSign): number | null {
  const number = readNumber(text, decimal);
  if (number !== null) return number;
  const tidy = tidyField(text)
    .replace(JAPANESE_DATE, '$1/$2/$3')
    .replace(/時|分(?=\d)/g, ':')
    .replace(/[分秒]/g, '');
  // Without a letter or a separator `Date.parse` guesses years from anything.
  const moment = /\d[/.:-]\d/.test(tidy) ? Date.parse(tidy) : Number.NaN;
  return Number.isNaN(moment) ? null : moment;
}
