import { z } from 'zod';

const timestamp = z.iso.datetime();

/** Ways out of this PC. */
export const LEDGER_CHANNELS = ['network', 'file'] as const;
export type LedgerChannel = (typeof LEDGER_CHANNELS)[number];

/** Longest name of a receiver that the ledger keeps whole, characters. */
export const MAX_PEER_LENGTH = 1000;

/** Entries of one page, so that a page fits into one control frame. */
export const LEDGER_PAGE_ENTRIES = 40;

/** One delivery: bytes that left this PC on one connection or in one file. */
export const ledgerEntrySchema = z.strictObject({
  entryId: z.int().positive(),
  startedAt: timestamp,
  /** null while it is running. */
  endedAt: timestamp.nullable(),
  channel: z.enum(LEDGER_CHANNELS),
  /** Address of the aggregator, or path of the file. */
  peer: z.string().min(1).max(MAX_PEER_LENGTH),
  taskId: z.string(),
  /** `start-weights`: weights that the aggregator had given out and asked to have back. */
  content: z.enum(['update', 'start-weights']),
  updateId: z.string(),
  /** How many rounds the update reports, and their numbers; none for start weights. */
  rounds: z.int().min(0),
  firstRound: z.int().nullable(),
  lastRound: z.int().nullable(),
  /** Where in the whole this delivery began: more than 0 when it continued a broken-off one. */
  firstByte: z.int().min(0),
  /** What there was to deliver from there on. */
  plannedBytes: z.int().min(0),
  /** What left; see `outcome`. */
  sentBytes: z.int().min(0),
  /**
   * `complete`: all that was planned. `broken-off`: `sentBytes`, the last of which may not have arrived. `unknown`: this
   * PC stopped in the middle; at least `sentBytes` and at most `plannedBytes` left.
   */
  outcome: z.enum(['running', 'complete', 'broken-off', 'unknown']),
});
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;

/** Which entries are wanted; bounds are of the start. */
export const ledgerQuerySchema = z.strictObject({
  /** Not before; null: from the first on. */
  since: timestamp.nullable(),
  /** Before; null: to the last. */
  until: timestamp.nullable(),
  /** Only entries after this one: 0, or the last of the page before. */
  after: z.int().min(0),
});
export type LedgerQuery = z.output<typeof ledgerQuerySchema>;

/** A part of the ledger, oldest first. */
export const ledgerPageSchema = z.strictObject({
  entries: z.array(ledgerEntrySchema).max(LEDGER_PAGE_ENTRIES),
  hasMore: z.boolean(),
  /** The ledger knows nothing of what left before; null: it knows everything. */
  keptSince: timestamp.nullable(),
});
export type LedgerPage = z.output<typeof ledgerPageSchema>;
