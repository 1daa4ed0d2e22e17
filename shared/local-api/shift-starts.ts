import { z } from 'zod';

/** Most shifts of a day. */
export const MAX_SHIFTS = 6;

/** When a shift begins, by the clock on the PC's wall: `08:00`. */
export const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

/** When the shifts of a day begin, earliest first. */
export const shiftStartsSchema = z
  .array(clockTime)
  .min(1)
  .max(MAX_SHIFTS)
  .refine((starts) => starts.every((start, index) => index === 0 || starts[index - 1]! < start), 'in order');

/** Two shifts, as most plants have them that work around the clock; with a day shift alone, the second is the night. */
export const DEFAULT_SHIFT_STARTS = ['08:00', '20:00'];

/**
 * When a shift has begun, by this computer's time zone.
 * @param starts as {@link shiftStartsSchema} has them
 * @param nowMs milliseconds since 1970
 * @param back 0: the shift of the moment; 1: the one before
 * @returns milliseconds since 1970
 */
export function shiftBegin(starts: readonly string[], nowMs: number, back: 0 | 1): number {
  const today = new Date(nowMs);
  const begun: number[] = [];
  // The shift before that of the moment began the day before yesterday at the earliest.
  for (const daysAgo of [0, 1, 2]) {
    for (const start of starts.toReversed()) {
      const [hours, minutes] = start.split(':').map(Number) as [number, number];
      const day = today.getDate() - daysAgo;
      const begin = new Date(today.getFullYear(), today.getMonth(), day, hours, minutes).getTime();
      if (begin <= nowMs) begun.push(begin);
    }
  }
  return begun[back]!;
}
