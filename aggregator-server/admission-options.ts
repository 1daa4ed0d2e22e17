import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AdmissionLimits, DEFAULT_ADMISSION_LIMITS } from './gateway/admission-limits.ts';

/** A limit as the command line has it. */
interface LimitOption {
  readonly flag: string;
  readonly about: string;
  readonly most: number;
  /** What one of the option's unit is in that of the limit; 1 when left out. */
  readonly unit?: number;
}

/** Longest times and highest counts: far beyond what makes sense, so that slips of the finger are noticed. */
const MOST_SECONDS = 86_400;
const MOST_COUNT = 1_000_000;

/** Every limit has its option: the compiler sees to it. */
const OPTIONS: Readonly<Record<keyof AdmissionLimits, LimitOption>> = {
  failuresPerAddress: {
    flag: '--max-failures <number>',
    about: 'failed handshakes of one address until it has to wait',
    most: MOST_COUNT,
  },
  failureWindowS: {
    flag: '--failure-window <seconds>',
    about: 'time in which they are counted',
    most: MOST_SECONDS,
  },
  unknownCodes: {
    flag: '--max-unknown-codes <number>',
    about: 'unknown enrolment codes, from everywhere together, until none is tried any more',
    most: MOST_COUNT,
  },
  unknownCodeWindowS: {
    flag: '--unknown-code-window <seconds>',
    about: 'time in which they are counted',
    most: MOST_SECONDS,
  },
  pendingConnections: {
    flag: '--max-pending <number>',
    about: 'connections that were not let in yet, all together',
    most: MOST_COUNT,
  },
  pendingPerAddress: {
    flag: '--max-pending-per-address <number>',
    about: 'connections that were not let in yet, of one address',
    most: MOST_COUNT,
  },
  offersPerMinute: {
    flag: '--max-offers <number>',
    about: 'updates that one device may offer in a minute',
    most: MOST_COUNT,
  },
  handshakeMs: {
    flag: '--handshake-seconds <seconds>',
    about: 'time for each answer of a handshake',
    most: 600,
    unit: 1000,
  },
};

/** What the options of {@link addAdmissionOptions} give: only the limits that were named. */
export type AdmissionChoices = Readonly<Record<string, unknown>>;

const LIMITS = Object.keys(OPTIONS) as (keyof AdmissionLimits)[];

/** Adds the options that say what strangers may cost. They mean nothing where everybody is let in. */
export function addAdmissionOptions(command: Command): Command {
  for (const limit of LIMITS) {
    const { flag, about, most, unit = 1 } = OPTIONS[limit];
    const usual = DEFAULT_ADMISSION_LIMITS[limit] / unit;
    const option = new Option(flag, `${about} (default: ${usual})`)
      .argParser((text: string) => unit * readCount(text, most))
      .conflicts('openLoopback');
    command.addOption(option);
  }
  return command;
}

/** The limits that were named. */
export function admissionLimitsOf(choices: AdmissionChoices): Partial<AdmissionLimits> {
  const named: Partial<Record<keyof AdmissionLimits, number>> = {};
  for (const limit of LIMITS) {
    const value = choices[new Option(OPTIONS[limit].flag).attributeName()];
    if (typeof value === 'number') named[limit] = value;
  }
  return named;
}

function readCount(text: string, most: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  return count;
}
