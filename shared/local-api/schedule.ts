import { z } from 'zod';
import { MAX_SHIFT_PLAN_LENGTH, parseShiftPlan } from './shift-plan.ts';
import { DEFAULT_SHIFT_STARTS, shiftStartsSchema } from './shift-starts.ts';

/** Least and most share of the PC's time that training takes, percent. */
export const MIN_SHARE_PERCENT = 5;
export const MAX_SHARE_PERCENT = 100;

/** Longest time that a PC must have been unused before training begins, minutes. */
export const MAX_IDLE_MINUTES = 240;

/** Most threads that training can be bound to. */
export const MAX_THREADS = 256;

/** The text of a plan as `parseShiftPlan` reads it; null: at any time. */
export const planSchema = z
  .string()
  .max(MAX_SHIFT_PLAN_LENGTH)
  .refine(isShiftPlan, 'not a shift plan')
  .nullable();

function isShiftPlan(text: string): boolean {
  try {
    return parseShiftPlan(text) !== null;
  } catch {
    return false;
  }
}

/** When training may run and results may travel, and how much of the PC training may take. */
export const scheduleShape = {
  trainWhen: planSchema,
  /** When the agent may be connected; the plant's line is left to others at any other time. */
  syncWhen: planSchema,
  /** Train only once the PC has been left alone for so many minutes; null: people do not mind. */
  idleMinutes: z.number().min(1).max(MAX_IDLE_MINUTES).nullable(),
  /** Share of the time in which the trainer works, percent; it rests between its batches otherwise. */
  sharePercent: z.number().min(MIN_SHARE_PERCENT).max(MAX_SHARE_PERCENT),
  /** What happens while the PC runs on its battery, where it has one. */
  onBattery: z.enum(['pause', 'train']),
  /** Threads of native TensorFlow; null: as many as the PC has cores. The other methods use one. */
  threads: z.int().min(1).max(MAX_THREADS).nullable(),
  /** When the shifts of a day begin. Nothing is trained or sent by them: people are told what changed since. */
  shiftStarts: shiftStartsSchema,
};
export const scheduleSchema = z.strictObject(scheduleShape);
export type Schedule = z.output<typeof scheduleSchema>;

/** As it is where nobody has said otherwise. */
export const DEFAULT_SCHEDULE: Schedule = {
  trainWhen: null,
  syncWhen: null,
  idleMinutes: null,
  sharePercent: MAX_SHARE_PERCENT,
  onBattery: 'pause',
  threads: null,
  shiftStarts: DEFAULT_SHIFT_STARTS,
};

/** Why no round is being trained; the first that holds, in this order. */
export const STANDSTILL_REASONS = [
  /** A problem that only a person can solve; `problem` says which. */
  'failed',
  /** No aggregator or no dataset is set yet. */
  'unconfigured',
  /** Somebody has paused it. */
  'paused',
  /** No first weights from the aggregator yet. */
  'no-weights',
  /** The shift plan leaves the PC to others now. */
  'outside-plan',
  'on-battery',
  /** Somebody, or some other program, works on this PC. */
  'pc-in-use',
  /** As many rounds as the settings ask for. */
  'finished',
  /** Between two rounds. */
  'resting',
  /** Reading the data, starting the trainer, or trying again after a problem. */
  'starting',
] as const;
export type StandstillReason = (typeof STANDSTILL_REASONS)[number];

/** Reasons that pass by themselves, by the clock or when the PC is left alone. */
export type HoldReason = Extract<StandstillReason, 'outside-plan' | 'on-battery' | 'pc-in-use'>;
