import type { Language } from '@genba/shared/errors/catalogue';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LONGER_UNITS = [
  [MINUTE_MS, 'minute'],
  [HOUR_MS, 'hour'],
  [DAY_MS, 'day'],
] as const;

/** Numbers, times and durations as one language writes them. */
export interface Formats {
  count(value: number): string;
  /** A measured value, with four significant digits. */
  decimal(value: number): string;
  /** A share in [0, 1] as a percentage with one decimal. */
  percent(share: number): string;
  /** The same without decimals, for axes and progress. */
  wholePercent(share: number): string;
  /** Clock time; with the date when it is not today. */
  moment(iso: string, nowMs: number): string;
  /** Clock time to the second. */
  clock(iso: string): string;
  /** How long ago, in the largest fitting unit. */
  ago(iso: string, nowMs: number): string;
  /** A size in the largest fitting unit, with powers of 1000. */
  size(bytes: number): string;
  /** A length of time in one or two units. */
  duration(milliseconds: number): string;
}

/** Builds the formats of a language once; Intl objects are costly to make. */
export function createFormats(language: Language): Formats {
  const count = new Intl.NumberFormat(language);
  const decimal = new Intl.NumberFormat(language, { maximumSignificantDigits: 4 });
  const percent = percentFormat(language, 1);
  const wholePercent = percentFormat(language, 0);
  const hourAndMinute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const time = new Intl.DateTimeFormat(language, hourAndMinute);
  const clock = new Intl.DateTimeFormat(language, { ...hourAndMinute, second: '2-digit' });
  const dateTime = new Intl.DateTimeFormat(language, {
    month: 'short',
    day: 'numeric',
    ...hourAndMinute,
  });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return {
    count: (value) => count.format(value),
    decimal: (value) => decimal.format(value),
    percent: (share) => percent.format(share),
    wholePercent: (share) => wholePercent.format(share),
    moment(iso, nowMs) {
      const date = new Date(iso);
      const isToday = date.toDateString() === new Date(nowMs).toDateString();
      return (isToday ? time : dateTime).format(date);
    },
    clock: (iso) => clock.format(new Date(iso)),
    ago(iso, nowMs) {
      // A clock that was set back must not show a delivery in the future.
      const elapsed = Math.max(0, nowMs - Date.parse(iso));
      if (elapsed < MINUTE_MS) return relative.format(0, 'second');
      const [length, unit] = LONGER_UNITS.findLast(([unitMs]) => elapsed >= unitMs) ?? LONGER_UNITS[0];
      return tight(language, relative.format(-Math.floor(elapsed / length), unit));
    },
    size: (bytes) => formatSize(language, bytes),
    duration: (milliseconds) => formatDuration(language, milliseconds),
  };
}

function percentFormat(language: Language, digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Japanese on the shop floor is written without the space that Intl puts before a unit. */
function tight(language: Language, text: string): string {
  return language === 'ja' ? text.replaceAll(' ', '') : text;
}

function formatDuration(language: Language, milliseconds: number): string {
  const unit = (value: number, name: 'hour' | 'minute' | 'second') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  // What took any time at all took a second: "0 sec" reads as if nothing had been done.
  const seconds = milliseconds <= 0 ? 0 : Math.max(1, Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = [
    hours > 0 ? unit(hours, 'hour') : '',
    minutes > 0 ? unit(minutes, 'minute') : '',
    // Beside hours, seconds are noise.
    hours === 0 && (minutes === 0 || seconds % 60 > 0) ? unit(seconds % 60, 'second') : '',
  ];
  return tight(language, parts.filter((part) => part !== '').join(' '));
}

const SIZE_UNITS = [
  [1e9, 'gigabyte'],
  [1e6, 'megabyte'],
  [1e3, 'kilobyte'],
  [1, 'byte'],
] as const;

function formatSize(language: Language, bytes: number): string {
  const [length, unit] = SIZE_UNITS.find(([size]) => bytes >= size) ?? SIZE_UNITS[3];
  const style = {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: bytes < 1e9 ? 0 : 1,
  } as const;
  return tight(language, new Intl.NumberFormat(language, style).format(bytes / length));
}
