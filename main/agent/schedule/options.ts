import {
  MAX_IDLE_MINUTES,
  MAX_SHARE_PERCENT,
  MAX_THREADS,
  MIN_SHARE_PERCENT,
  type Schedule,
} from '@genba/shared/local-api/schedule';
import { formatShiftPlan, parseShiftPlan, ShiftPlanError } from '@genba/shared/local-api/shift-plan';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Words that undo a setting. Commander takes null for no value at all, so they stay words until the end. */
const OFF = 'off';
const ALWAYS = 'always';

/** What the command line says of the schedule, as commander names it. */
export interface ScheduleOptions {
  readonly trainWhen?: string;
  readonly syncWhen?: string;
  readonly whenIdle?: number | typeof OFF;
  readonly share?: number;
  readonly onBattery?: Schedule['onBattery'];
  readonly threads?: number | typeof OFF;
}

/** Minutes that `--when-idle` means where it says none. */
const DEFAULT_IDLE_MINUTES = 5;

/** Adds the options that say when training and sending may run. */
export function addScheduleOptions(command: Command): Command {
  return command
    .option(
      '--train-when <plan>',
      'when training may run, such as "mon-fri 22:00-06:00, sat-sun all"; "always" for any time',
      shiftPlan,
    )
    .option(
      '--sync-when <plan>',
      'when results may be sent and weights fetched, in the same form; "always" for any time',
      shiftPlan,
    )
    .option(
      '--when-idle <minutes>',
      `train only once nobody has used this PC for so many minutes (${DEFAULT_IDLE_MINUTES} is usual), "off" for always`,
      offOr(1, MAX_IDLE_MINUTES),
    )
    .option('--share <percent>', 'share of the time in which training works (default: 100)', share)
    .addOption(
      new Option('--on-battery <what>', 'while the PC runs on its battery (default: pause)').choices([
        'pause',
        'train',
      ]),
    )
    .option(
      '--threads <count>',
      'threads of native TensorFlow, "off" for as many as there are cores',
      offOr(1, MAX_THREADS),
    );
}

/** Only what was given: the rest keeps its stored value. */
export function givenSchedule(options: ScheduleOptions): Partial<Schedule> {
  const given = {
    trainWhen: options.trainWhen === ALWAYS ? null : options.trainWhen,
    syncWhen: options.syncWhen === ALWAYS ? null : options.syncWhen,
    idleMinutes: options.whenIdle === OFF ? null : options.whenIdle,
    sharePercent: options.share,
    onBattery: options.onBattery,
    threads: options.threads === OFF ? null : options.threads,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function shiftPlan(text: string): string {
  try {
    const plan = parseShiftPlan(text);
    return plan === null ? ALWAYS : formatShiftPlan(plan);
  } catch (error) {
    if (!(error instanceof ShiftPlanError)) throw error;
    throw new InvalidArgumentError(
      `${error.message}\n「${error.part}」が読み取れません。例: 月-金 22:00-06:00, 土日 終日`,
    );
  }
}

function share(text: string): number {
  const value = Number(text.replace(/\s*%$/, ''));
  if (text.trim() !== '' && value >= MIN_SHARE_PERCENT && value <= MAX_SHARE_PERCENT) return value;
  throw new InvalidArgumentError(`a number from ${MIN_SHARE_PERCENT} to ${MAX_SHARE_PERCENT}`);
}

function offOr(minimum: number, maximum: number): (text: string) => number | typeof OFF {
  return (text) => {
    if (text === OFF) return OFF;
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`a whole number from ${minimum} to ${maximum}, or off`);
  };
}
