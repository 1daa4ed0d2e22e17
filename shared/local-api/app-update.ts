import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';

/**
 * Status of the agent's answer where it cannot ask the aggregator for a file of an update; the status text is the error
 * code.
 */
export const RELAY_PROBLEM_STATUS = 502;

/** Longest text about a version that is shown, characters. */
export const MAX_NOTES_LENGTH = 4_000;

const version = z.string().min(1).max(100);
const timestamp = z.iso.datetime();

/** Why this installation leaves its updates to IT. */
export const KEPT_BY_IT_REASONS = [
  /** Installed by the system's package manager. */
  'package',
  /** Only unpacked. */
  'folder',
  /** Where it lies, this account may not write. */
  'not-writable',
  /** No updater for this system. */
  'system',
  /** The agent belongs to a service or to another account. */
  'service',
  /** Run from its sources. */
  'source',
] as const;
export type KeptByItReason = (typeof KEPT_BY_IT_REASONS)[number];

/** How the program of this PC's window stands to newer versions. */
export const appUpdateSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('kept-by-it'), reason: z.enum(KEPT_BY_IT_REASONS) }),
  /** Versions come from the aggregator, and none is known. */
  z.strictObject({ state: z.literal('not-enrolled') }),
  /** Nobody has been asked since the start. */
  z.strictObject({ state: z.literal('not-asked') }),
  z.strictObject({ state: z.literal('asking') }),
  /** No other version is offered to this PC. */
  z.strictObject({ state: z.literal('current'), askedAt: timestamp }),
  z.strictObject({
    state: z.literal('fetching'),
    version,
    /** In [0, 1]. */
    share: z.number().min(0).max(1),
  }),
  /** A person did not want it just then. */
  z.strictObject({ state: z.literal('stopped'), version }),
  /** It is here and whole; a person decides when it is installed. */
  z.strictObject({ state: z.literal('ready'), version, notes: z.string().max(MAX_NOTES_LENGTH).nullable() }),
  z.strictObject({ state: z.literal('installing'), version }),
  z.strictObject({ state: z.literal('failed'), problem: z.enum(ERROR_CODES), failedAt: timestamp }),
]);
export type AppUpdate = z.output<typeof appUpdateSchema>;

/** A version that did not start, and the one that this PC went back to. */
export const wentBackSchema = z.strictObject({ from: version, to: version, at: timestamp });
export type WentBack = z.output<typeof wentBackSchema>;

/** What the shell tells its page about versions of the program. */
export const updateReportSchema = z.strictObject({
  /** Of the running program. */
  version,
  update: appUpdateSchema,
  /** Null once a person knows of it, or where nothing of the kind has happened. */
  wentBack: wentBackSchema.nullable(),
});
export type UpdateReport = z.output<typeof updateReportSchema>;
