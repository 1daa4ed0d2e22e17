/**
 * Preloaded into a program (`node --import`): bends its time, so that a clock can jump and minutes of waiting fit into
 * seconds. The program itself is the one that ships.
 *
 * - Timers, `Date` and `performance` run `GENBA_CHAOS_SPEED` times as fast as the computer's.
 * - `Date` alone is off by the milliseconds in the file GENBA_CHAOS_CLOCK, read again and again: as with a real clock
 *   that somebody sets, neither timers nor the monotonic clock notice.
 */
import { readFileSync } from 'node:fs';

/** How often the file is read, milliseconds of the computer's time. */
const READ_MS = 50;

const clockFile = process.env.GENBA_CHAOS_CLOCK!;
const speed = Number(process.env.GENBA_CHAOS_SPEED);
/** Common to all lives of all programs of a run, milliseconds since 1970: their clocks agree but for the jumps. */
const epoch = Number(process.env.GENBA_CHAOS_EPOCH);

const RealDate = Date;
const realSetTimeout = globalThis.setTimeout;
const realSetInterval = globalThis.setInterval;
const realMonotonic = performance.now.bind(performance);

let offsetMs = 0;
function readOffset(): void {
  try {
    offsetMs = Number(readFileSync(clockFile, 'utf8')) || 0;
  } catch {
    // No file: nobody has touched the clock.
  }
}
readOffset();
realSetInterval(readOffset, READ_MS).unref();

function now(): number {
  return Math.round(epoch + (RealDate.now() - epoch) * speed + offsetMs);
}

class BentDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(now());
    else super(...(given as [number]));
  }

  static override now(): number {
    return now();
  }
}

globalThis.Date = BentDate as DateConstructor;
performance.now = () => realMonotonic() * speed;
globalThis.setTimeout = Object.assign(
  (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
    realSetTimeout(work, ms / speed, ...given),
  realSetTimeout,
) as typeof setTimeout;
globalThis.setInterval = Object.assign(
  (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
    realSetInterval(work, ms / speed, ...given),
  realSetInterval,
) as typeof setInterval;
