import type { Schedule } from '@genba/shared/local-api/schedule';
import { parseShiftPlan, type ShiftPlan } from '@genba/shared/local-api/shift-plan';
import type { Logger } from 'pino';
import { type PowerSource, readPowerSource } from './battery.ts';
import { LoadMeter, type ProcessorTimes, processorTimes } from './load-meter.ts';
import { type TrainingHold, trainingHold } from './training-hold.ts';

/** How often everything is looked at again by the clock on the wall, milliseconds: timers do not run while a PC sleeps. */
const TICK_MS = 5_000;

/** The clock has moved this much more than a timer should have taken: the PC has slept, or was put right. */
const SLEPT_MS = 15_000;

/** How often a PC with a battery is asked for its power: a file on Linux, a second of processor time on Windows. */
const BATTERY_MS = { linux: 30_000, other: 180_000 };

/** A report of the window counts for so long, milliseconds; it comes twice a minute. */
const REPORT_MS = 90_000;

/** What the window tells of the person at the PC: a service can see neither keyboard nor mouse. */
export interface UseReport {
  /** Seconds since keyboard or mouse were last touched. */
  readonly idleSeconds: number;
  readonly isOnBattery: boolean;
}

/** What the schedule needs of the agent, and of the PC. */
export interface TrainingScheduleContext {
  readonly settings: () => Schedule;
  /** What may be trained has changed. */
  readonly onChange: (hold: TrainingHold | null) => void;
  /** The PC has woken up, or its clock has jumped. */
  readonly onWake: () => void;
  readonly log: Logger;
  /** For tests: the clock, the processor, the battery, and this process's share of the processor, milliseconds. */
  readonly now?: () => number;
  readonly readTimes?: () => ProcessorTimes;
  readonly readPower?: () => Promise<PowerSource>;
  readonly ownCpuMs?: () => number;
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Watches clock, battery and use of the PC, and says at any moment whether training may run. */
export class TrainingSchedule {
  readonly #context: TrainingScheduleContext;
  readonly #now: () => number;
  #plan: { readonly text: string | null; readonly plan: ShiftPlan | null } = { text: null, plan: null };
  #meter: LoadMeter | null = null;
  #report: { readonly atMs: number; readonly use: UseReport } | null = null;
  #power: PowerSource = 'unknown';
  #powerAskedMs: number | null = null;
  #trainerCpuMs = 0;
  #isTrainerBusy = false;
  #lastTickMs: number | null = null;
  #lastReason: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(context: TrainingScheduleContext) {
    this.#context = context;
    this.#now = context.now ?? Date.now;
  }

  /** Begins to watch; what holds now is known when it returns, but for the battery. */
  start(): void {
    this.#lastReason = this.hold()?.reason ?? null;
    this.tick();
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Why training must not run now; null when it may. */
  hold(): TrainingHold | null {
    const settings = this.#context.settings();
    const nowMs = this.#now();
    const report = this.#freshReport(nowMs);
    return trainingHold(
      settings,
      this.#planOf(settings),
      {
        isOnBattery: report?.use.isOnBattery ?? this.#power === 'battery',
        lastUseMs:
          report === null ? (this.#meter?.lastUseMs ?? null) : report.atMs - report.use.idleSeconds * 1000,
      },
      nowMs,
    );
  }

  /** Looks at everything, tells what has changed, and sets the timer for the next time. */
  tick(): void {
    if (this.#isStopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const nowMs = this.#now();
    this.#noticeJump(nowMs);
    this.#lastTickMs = nowMs;
    this.#watchUse(nowMs);
    void this.#watchPower(nowMs);
    this.settingsChanged();
    const hold = this.hold();
    // A plan that opens is kept to the second, everything else by the next tick.
    const untilMs = hold?.untilMs ?? null;
    const waitMs = untilMs === null ? TICK_MS : Math.min(TICK_MS, Math.max(1, untilMs - nowMs));
    this.#timer = setTimeout(() => this.tick(), waitMs);
  }

  /** Settings may be others: tells at once if another reason holds now. */
  settingsChanged(): void {
    if (this.#isStopped) return;
    const hold = this.hold();
    const reason = hold?.reason ?? null;
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    const until = hold?.untilMs == null ? null : new Date(hold.untilMs).toISOString();
    this.#context.log.info({ reason, until }, reason === null ? 'training may run' : 'training is held');
    this.#context.onChange(hold);
  }

  /** The window tells when somebody last touched this PC. */
  report(use: UseReport): void {
    this.#report = { atMs: this.#now(), use };
    this.settingsChanged();
  }

  /** The trainer has taken up work, and will say how much processor time it took. */
  trainerBusy(): void {
    this.#isTrainerBusy = true;
  }

  /** The trainer tells its processor time, of this moment, and whether it has more to do. */
  trainerReported(cpuMs: number, isBusy: boolean): void {
    this.#trainerCpuMs = cpuMs;
    this.#isTrainerBusy = isBusy;
    this.#sampleUse(this.#now());
    this.settingsChanged();
  }

  /** There is no trainer any more. */
  trainerGone(): void {
    this.#trainerCpuMs = 0;
    this.#isTrainerBusy = false;
  }

  #planOf({ trainWhen }: Schedule): ShiftPlan | null {
    if (trainWhen !== this.#plan.text) {
      this.#plan = { text: trainWhen, plan: trainWhen === null ? null : parseShiftPlan(trainWhen) };
    }
    return this.#plan.plan;
  }

  #noticeJump(nowMs: number): void {
    if (this.#lastTickMs === null) return;
    const elapsedMs = nowMs - this.#lastTickMs;
    if (elapsedMs >= 0 && elapsedMs < TICK_MS + SLEPT_MS) return;
    this.#context.log.info({ elapsedMs }, 'the PC has slept, or its clock was changed');
    // Times of the other clock mean nothing now.
    this.#report = null;
    if (this.#meter !== null) this.#meter.lastUseMs = Math.min(this.#meter.lastUseMs, nowMs);
    this.#powerAskedMs = null;
    this.#context.onWake();
  }

  #watchUse(nowMs: number): void {
    if (this.#context.settings().idleMinutes === null) {
      this.#meter = null;
      return;
    }
    this.#meter ??= new LoadMeter(nowMs);
    // While the trainer works, its processor time is known only when it reports.
    if (!this.#isTrainerBusy) this.#sampleUse(nowMs);
  }

  #sampleUse(nowMs: number): void {
    const own = (this.#context.ownCpuMs ?? ownCpuMs)() + this.#trainerCpuMs;
    this.#meter?.sample((this.#context.readTimes ?? processorTimes)(), own, nowMs);
  }

  async #watchPower(nowMs: number): Promise<void> {
    const isAsked = this.#context.settings().onBattery === 'pause' && this.#freshReport(nowMs) === null;
    if (!isAsked || this.#power === 'no-battery') return;
    const intervalMs = process.platform === 'linux' ? BATTERY_MS.linux : BATTERY_MS.other;
    if (this.#powerAskedMs !== null && Math.abs(nowMs - this.#powerAskedMs) < intervalMs) return;
    this.#powerAskedMs = nowMs;
    this.#power = await (this.#context.readPower ?? (() => readPowerSource(process.platform)))();
    this.settingsChanged();
  }

  #freshReport(nowMs: number) {
    const report = this.#report;
    return report !== null && Math.abs(nowMs - report.atMs) < REPORT_MS ? report : null;
  }
}
