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

/** A number and, behind it, letters that name a unit: `12.5 mm`, `25℃`, `60 %`, `3 m/s2`. */
const WITH_UNIT =
  /^([+\-−‐]?[\d.,]*\d(?:e[+-]?\d+)?)\s*((?:[A-Za-z°%μΩ]|[A-Za-z]\/)[A-Za-z°%μΩ/·]{0,8}[23]?)$/;

/** Letters that multiply instead: whether `5k` is 5 or 5000 is not ours to guess. */
const MULTIPLIERS = new Set(['k', 'K', 'M', 'G', 'T', 'n', 'p', 'u', 'μ', 'e', 'E']);

/** Sets a number apart from a unit behind it; null where it has none. */
export function splitUnit(text: string): { readonly number: string; readonly unit: string } | null {
  const [, number, unit] = WITH_UNIT.exec(tidyField(text)) ?? [];
  return number === undefined || unit === undefined || MULTIPLIERS.has(unit) ? null : { number, unit };
}

/** First years of the Japanese eras that a plant's records may be of, less one. */
const ERAS: Readonly<Record<string, number>> = {
  令和: 2018,
  R: 2018,
  平成: 1988,
  H: 1988,
  昭和: 1925,
  S: 1925,
};

const TIME =
  '(?:[T ]*(午前|午後|AM|PM)? *(\\d{1,2})[:時](\\d{1,2})分?(?::?(\\d{1,2}(?:[.,]\\d+)?)秒?)? *(Z|[+-]\\d{2}:?\\d{2})?)?';
/** Year first, of our calendar or of an era. */
const YEAR_FIRST = new RegExp(
  `^(令和|平成|昭和|[RHS](?=\\d))?(\\d{1,4}|元)[-/.年](\\d{1,2})[-/.月](\\d{1,2})日?${TIME}$`,
);
/** Day first, as in Germany: with points only, because with strokes it may as well be the month. */
const DAY_FIRST = new RegExp(`^()(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})${TIME}$`);

/**
 * Reads a moment for putting rows in order: a number, or a date with or without time (`2026-11-26T08:30:00`,
 * `2026/11/26 8:30`, `2026年11月26日 8時30分`, `令和8年11月26日`, `26.11.2026 08:30`). Times without a zone are this PC's.
 * @returns null for what is neither, or may be read in two ways; numbers and dates must not be mixed in one column
 */
export function readMoment(text: string, decimal: DecimalSign): number | null {
  const number = readNumber(text, decimal);
  if (number !== null) return number;
  const tidy = tidyField(text);
  const yearFirst = YEAR_FIRST.exec(tidy);
  const found = yearFirst ?? DAY_FIRST.exec(tidy);
  if (found === null) return null;
  const [, era, first, second, third, half, hours = '0', minutes = '0', seconds = '0', zone] = found;
  const [years, days] = yearFirst === null ? [third!, first!] : [first!, third!];
  if (era === undefined && yearFirst !== null && years.length !== 4) return null;
  const year = (era ? ERAS[era]! : 0) + (years === '元' ? 1 : Number(years));
  const hour = (Number(hours) % (half ? 12 : 25)) + (half === '午後' || half === 'PM' ? 12 : 0);
  const second60 = Number(seconds.replace(',', '.'));
  const [month, day, minute] = [Number(second) - 1, Number(days), Number(minutes)];
  if (month > 11 || day > 31 || hour > 24 || minute > 59 || second60 >= 61) return null;
  if (zone === undefined) return new Date(year, month, day, hour, minute).getTime() + second60 * 1000;
  return Date.UTC(year, month, day, hour, minute) + second60 * 1000 - zoneMs(zone);
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)!;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
