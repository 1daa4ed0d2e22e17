import type { HoldReason, Schedule } from '@genba/shared/local-api/schedule';
import { isPlanOpen, nextTransition, type ShiftPlan } from '@genba/shared/local-api/shift-plan';

/** Why training must not run now. */
export interface TrainingHold {
  readonly reason: HoldReason;
  /** When it may run again as far as this reason goes, milliseconds since 1970; null where nobody can tell. */
  readonly untilMs: number | null;
}

/** What is known of the PC at a moment. */
export interface PcState {
  /** Whether it runs on its battery; null where it has none, or that cannot be told. */
  readonly isOnBattery: boolean | null;
  /** When somebody, or another program, last worked on it, milliseconds since 1970; null: it is not watched. */
  readonly lastUseMs: number | null;
}

/**
 * Whether training may run at a moment: null when it may, else the first reason against it. What is not known holds
 * nothing up.
 */
export function trainingHold(
  schedule: Pick<Schedule, 'idleMinutes' | 'onBattery'>,
  plan: ShiftPlan | null,
  pc: PcState,
  nowMs: number,
): TrainingHold | null {
  if (!isPlanOpen(plan, nowMs)) return { reason: 'outside-plan', untilMs: nextTransition(plan, nowMs) };
  if (schedule.onBattery === 'pause' && pc.isOnBattery === true) {
    return { reason: 'on-battery', untilMs: null };
  }
  if (schedule.idleMinutes !== null && pc.lastUseMs !== null) {
    const untilMs = pc.lastUseMs + schedule.idleMinutes * 60_000;
    if (nowMs < untilMs) return { reason: 'pc-in-use', untilMs };
  }
  return null;
}
