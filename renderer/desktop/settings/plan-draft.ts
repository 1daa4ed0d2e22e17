import {
  formatShiftPlan,
  MAX_SHIFT_PLAN_LENGTH,
  parseShiftPlan,
  type ShiftPlan,
} from '@genba/shared/local-api/shift-plan';

const DAY_MINUTES = 1440;
/** A night shift: what most people want first. */
const FIRST_HOURS = { start: 22 * 60, end: 6 * 60 };

/** One time window as it is being edited: like that of a plan, with a name of its own for the list. */
export type WindowDraft = ShiftPlan['windows'][number] & { readonly key: number };

/** Why a draft cannot be saved. */
export type DraftProblem = 'noDays' | 'noLength' | 'long';

/** The windows of a plan's text; none for a plan that is open at any time. */
export function draftOf(text: string | null): WindowDraft[] {
  const plan = text === null ? null : parseShiftPlan(text);
  return (plan?.windows ?? []).map((window, key) => ({ ...window, key }));
}

/** Another window for a draft: weekday nights. */
export function nextWindow(windows: readonly WindowDraft[]): WindowDraft {
  const key = Math.max(-1, ...windows.map((window) => window.key)) + 1;
  return { days: [1, 2, 3, 4, 5], ...FIRST_HOURS, key };
}

/** What is wrong with one window; null where nothing is. */
export function problemIn({ days, start, end }: WindowDraft): DraftProblem | null {
  if (days.length === 0) return 'noDays';
  return start === end ? 'noLength' : null;
}

/** The text of a draft as the agent takes it, or why there is none. No window at all means at any time. */
export function planTextOf(windows: readonly WindowDraft[]): { readonly text: string | null } | DraftProblem {
  const problem = windows.map(problemIn).find((found) => found !== null);
  if (problem !== undefined) return problem;
  if (windows.length === 0) return { text: null };
  const text = formatShiftPlan({ windows });
  return text.length > MAX_SHIFT_PLAN_LENGTH ? 'long' : { text };
}

/** Whether a window is of whole days. */
export function isAllDay({ start, end }: Pick<WindowDraft, 'start' | 'end'>): boolean {
  return start === 0 && end === DAY_MINUTES;
}

/** A window for whole days, or for the night again. */
export function withAllDay(window: WindowDraft, isWhole: boolean): WindowDraft {
  return { ...window, ...(isWhole ? { start: 0, end: DAY_MINUTES } : FIRST_HOURS) };
}

/** `HH:MM` of minutes since midnight; the end of a day is its midnight. */
export function clockOf(minutes: number): string {
  const within = minutes % DAY_MINUTES;
  return `${String(Math.floor(within / 60)).padStart(2, '0')}:${String(within % 60).padStart(2, '0')}`;
}

/** Minutes since midnight of `HH:MM`, as a time field gives it; null where it is empty. */
export function minutesOf(clock: string): number | null {
  const match = /^(\d\d):(\d\d)/.exec(clock);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}
