import os from 'node:os';

/** Processor time since some moment in the past, milliseconds over all cores. */
export interface ProcessorTimes {
  /** Of all programs. */
  readonly busyMs: number;
  /** What there was: wall time times cores. */
  readonly totalMs: number;
}

/** The PC's processor times since it was started. */
export function processorTimes(): ProcessorTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of os.cpus()) {
    // On Linux, `nice` is work of low priority: the trainer's own, and that of others.
    const busy = times.user + times.nice + times.sys + times.irq;
    busyMs += busy;
    totalMs += busy + times.idle;
  }
  return { busyMs, totalMs };
}

/** From this share of the PC on, others are at work; below the lower one they no longer are. */
export const USE_BEGINS = 0.25;
export const USE_ENDS = 0.1;

/** Shortest time that a figure is taken over, milliseconds: shorter ones see every virus scanner's sneeze. */
export const SAMPLE_MS = 4_000;

/** So many figures in a row must be high before others count as at work. */
const SAMPLES_TO_BEGIN = 2;

/**
 * Tells by the processor whether other programs than our own are at work: not where none may look at the keyboard, as a
 * service. It knows no graphics processor.
 */
export class LoadMeter {
  #last: (ProcessorTimes & { readonly ownMs: number; readonly atMs: number }) | null = null;
  #highInARow = 0;
  #isInUse = false;
  /** When others were last seen at work, milliseconds since 1970; at first: when the watch began. */
  lastUseMs: number;

  /** @param nowMs a PC is taken for used when the watch begins: nobody knows what was a second ago */
  constructor(nowMs: number) {
    this.lastUseMs = nowMs;
  }

  /**
   * Takes a figure, unless the last one is too fresh.
   * @param ownMs processor time of agent and trainer since their start; of this very moment, or others get the blame
   * @returns share of the PC that others used since the last figure, 0 to 1; null without a figure
   */
  sample(times: ProcessorTimes, ownMs: number, nowMs: number): number | null {
    const last = this.#last;
    if (last !== null && nowMs - last.atMs < SAMPLE_MS && nowMs >= last.atMs) return null;
    this.#last = { ...times, ownMs, atMs: nowMs };
    // Fewer than before: a new trainer, or a PC that counts anew.
    if (last === null || ownMs < last.ownMs || times.totalMs <= last.totalMs) return null;
    const othersMs = times.busyMs - last.busyMs - (ownMs - last.ownMs);
    const share = Math.min(1, Math.max(0, othersMs / (times.totalMs - last.totalMs)));
    this.#highInARow = share >= USE_BEGINS ? this.#highInARow + 1 : 0;
    this.#isInUse = this.#isInUse ? share >= USE_ENDS : this.#highInARow >= SAMPLES_TO_BEGIN;
    if (this.#isInUse) this.lastUseMs = nowMs;
    return share;
  }
}
