/**
 * When training may run, by the week: `mon-fri 22:00-06:00, sat-sun all`. Times are those of the PC's own clock on the
 * wall. In the hour that the end of summer time repeats, a window that lies in it opens twice; one that lies in the
 * hour that its beginning leaves out does not open.
 */

const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAYS_JA: readonly string[] = ['日', '月', '火', '水', '木', '金', '土'];
/** Days in the order that people write them. */
const WEEK = [1, 2, 3, 4, 5, 6, 0] as const;

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
export const WEEK_MINUTES = 7 * DAY_MINUTES;

/** Clocks change their offset from UTC only where a quarter of an hour of UTC begins. */
const QUARTER_MINUTES = 15;

/** How far ahead a change is looked for: a whole week and what a changed clock may add, quarters of an hour. */
const LOOK_AHEAD_QUARTERS = (8 * DAY_MINUTES) / QUARTER_MINUTES;

/** Longest text of a plan, characters. */
export const MAX_SHIFT_PLAN_LENGTH = 500;

/** One window of the plan. */
interface ShiftWindow {
  /** Days on which it begins, 0 = Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight; an end at or before the start is on the next day. */
  readonly start: number;
  readonly end: number;
}

/** A plan that was read: its windows, and every minute of the week (Sunday 00:00 is 0) in which training may run. */
export interface ShiftPlan {
  readonly windows: readonly ShiftWindow[];
  readonly isOpenAt: readonly boolean[];
}

/** What is wrong with the text of a plan: the part of it that could not be read. */
export class ShiftPlanError extends Error {
  readonly part: string;

  constructor(part: string, reason: string) {
    super(`"${part}": ${reason}. Example: mon-fri 22:00-06:00, sat-sun all`);
    this.name = 'ShiftPlanError';
    this.part = part;
  }
}

/**
 * Reads a plan: windows separated by commas, each of days and hours. Days: `mon`, `mon-fri`, `daily`, or 月, 月-金, 毎日;
 * several may stand side by side. Hours: `22:00-06:00` (over midnight where the end is not later), `all` or 終日.
 * Full-width characters are as good. `always` (いつでも) is no plan: null.
 * @throws ShiftPlanError
 */
export function parseShiftPlan(text: string): ShiftPlan | null {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/[~〜–—−]/g, '-')
    .toLowerCase()
    .trim();
  if (plain === 'always' || plain === 'いつでも') return null;
  if (text.length > MAX_SHIFT_PLAN_LENGTH) {
    throw new ShiftPlanError(`${text.slice(0, 20)}…`, `longer than ${MAX_SHIFT_PLAN_LENGTH} characters`);
  }
  const windows = plain
    .replaceAll(/\s*-\s*/g, '-')
    .split(/[,;、]/)
    .flatMap(readEntry);
  return { windows, isOpenAt: openMinutes(windows) };
}

/** One entry: days, then one or more hours. */
function readEntry(entry: string): ShiftWindow[] {
  const words = entry.trim().split(/\s+/);
  const firstHours = words.findIndex((word) => readHours(word) !== null);
  if (entry.trim() === '' || firstHours === -1) {
    throw new ShiftPlanError(entry.trim(), 'no hours, such as 22:00-06:00 or all');
  }
  const days = [...new Set(words.slice(0, firstHours).flatMap(readDays))];
  // Hours alone are those of every day.
  const every = days.length === 0 ? [...WEEK] : days;
  return words.slice(firstHours).map((word) => {
    const hours = readHours(word);
    if (hours === null) throw new ShiftPlanError(word, 'not hours, such as 22:00-06:00 or all');
    return { days: every, ...hours };
  });
}

function readDays(word: string): number[] {
  if (word === 'daily' || word === '毎日') return [...WEEK];
  const [first, last, ...rest] = word.split('-');
  const from = dayOf(first!);
  const to = last === undefined ? from : dayOf(last);
  if (from !== null && to !== null && rest.length === 0) {
    const length = ((to - from + 7) % 7) + 1;
    return Array.from({ length }, (_, index) => (from + index) % 7);
  }
  // Japanese days are often written without anything between: 土日.
  const side = [...word].map(dayOf);
  if (side.every((day) => day !== null)) return side;
  throw new ShiftPlanError(word, 'not a day, such as mon, mon-fri or daily');
}

function dayOf(name: string): number | null {
  const english = DAYS.indexOf(name);
  const day = english === -1 ? DAYS_JA.indexOf(name.replace(/曜日?$/, '')) : english;
  return day === -1 ? null : day;
}

function readHours(word: string): Pick<ShiftWindow, 'start' | 'end'> | null {
  if (word === 'all' || word === '終日') return { start: 0, end: DAY_MINUTES };
  const match = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/.exec(word);
  if (match === null) return null;
  const start = Number(match[1]) * 60 + Number(match[2]);
  const end = Number(match[3]) * 60 + Number(match[4]);
  const isClock = Number(match[2]) < 60 && Number(match[4]) < 60 && start < DAY_MINUTES && end <= DAY_MINUTES;
  if (!isClock) throw new ShiftPlanError(word, 'not a time of day');
  if (start === end) throw new ShiftPlanError(word, 'begins when it ends; for a whole day write all');
  return { start, end };
}

function openMinutes(windows: readonly ShiftWindow[]): boolean[] {
  const isOpenAt = new Array<boolean>(WEEK_MINUTES).fill(false);
  for (const { days, start, end } of windows) {
    const length = end > start ? end - start : end + DAY_MINUTES - start;
    for (const day of days) {
      for (let minute = 0; minute < length; minute++) {
        isOpenAt[(day * DAY_MINUTES + start + minute) % WEEK_MINUTES] = true;
      }
    }
  }
  return isOpenAt;
}

/** The plan in the form that is kept and shown: {@link parseShiftPlan} reads it to the same plan. */
export function formatShiftPlan({ windows }: Pick<ShiftPlan, 'windows'>): string {
  return windows.map((window) => `${formatDays(window.days)} ${formatHours(window)}`).join(', ');
}

function formatDays(days: readonly number[]): string {
  if (days.length === WEEK.length) return 'daily';
  const runs: number[][] = [];
  for (const day of WEEK.filter((candidate) => days.includes(candidate))) {
    const run = runs.at(-1);
    if (run !== undefined && (run.at(-1)! + 1) % 7 === day) run.push(day);
    else runs.push([day]);
  }
  return runs.map(formatRun).join(' ');
}

function formatRun(run: readonly number[]): string {
  const [first, last] = [DAYS[run[0]!]!, DAYS[run.at(-1)!]!] as const;
  return run.length === 1 ? first : `${first}-${last}`;
}

function formatHours({ start, end }: ShiftWindow): string {
  if (start === 0 && end === DAY_MINUTES) return 'all';
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return `${clock(start)}-${clock(end)}`;
}

/** The minute of the week that the clock on this PC's wall shows; Sunday 00:00 is 0. */
function wallMinute(epochMs: number): number {
  const date = new Date(epochMs);
  return (date.getDay() * 24 + date.getHours()) * 60 + date.getMinutes();
}

/** Whether training may run at a moment. */
export function isPlanOpen(plan: ShiftPlan | null, nowMs: number): boolean {
  return plan === null || plan.isOpenAt[wallMinute(nowMs)] === true;
}

/**
 * When a plan next opens or closes after `nowMs`, by the clock on the wall.
 * @returns milliseconds since 1970; null for a plan that never changes
 */
export function nextTransition(plan: ShiftPlan | null, nowMs: number): number | null {
  if (plan === null) return null;
  const isOpen = isPlanOpen(plan, nowMs);
  const quarterMs = QUARTER_MINUTES * MINUTE_MS;
  const first = Math.floor(nowMs / quarterMs) * quarterMs;
  for (let quarter = 0; quarter < LOOK_AHEAD_QUARTERS; quarter++) {
    const startMs = first + quarter * quarterMs;
    const minute = wallMinute(startMs);
    for (let offset = 0; offset < QUARTER_MINUTES; offset++) {
      const atMs = startMs + offset * MINUTE_MS;
      if (atMs > nowMs && plan.isOpenAt[(minute + offset) % WEEK_MINUTES] !== isOpen) return atMs;
    }
  }
  return null;
}
