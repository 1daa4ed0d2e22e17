import { MAX_SHIFTS } from '@genba/shared/local-api/shift-starts';

/** When one shift begins, as it is being edited; the time is empty while a field is. */
export interface ShiftDraft {
  readonly key: number;
  readonly start: string;
}

/** Hours between two shifts that are added one after the other. */
const STEP_HOURS = 8;

/** The shifts as they are saved, to be edited. */
export function draftOfShifts(starts: readonly string[]): ShiftDraft[] {
  return starts.map((start, key) => ({ key, start }));
}

/** One shift more, some hours after the last; null where there is no room for it. */
export function withAnotherShift(shifts: readonly ShiftDraft[]): ShiftDraft[] | null {
  if (shifts.length >= MAX_SHIFTS) return null;
  const key = Math.max(-1, ...shifts.map((shift) => shift.key)) + 1;
  const [hours, minutes] = (shifts.at(-1)?.start || '00:00').split(':') as [string, string];
  const start = `${String((Number(hours) + STEP_HOURS) % 24).padStart(2, '0')}:${minutes}`;
  return [...shifts, { key, start }];
}

/** The times as the agent takes them, or why there are none. */
export function startsOf(shifts: readonly ShiftDraft[]): readonly string[] | 'empty' | 'same' {
  const starts = shifts.map(({ start }) => start).sort();
  if (starts.length === 0 || starts.includes('')) return 'empty';
  return new Set(starts).size < starts.length ? 'same' : starts;
}
