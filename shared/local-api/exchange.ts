import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';

/** Longest path of a file that the agent is asked to read or write, characters. */
const MAX_PATH_LENGTH = 4096;

/** Absolute path on this PC. */
export const exchangePath = z.string().min(1).max(MAX_PATH_LENGTH);

/** A file that the agent has written for the aggregator. */
const exported = z.strictObject({
  kind: z.literal('exported'),
  path: exchangePath,
  sizeBytes: z.int().min(0),
  plantName: z.string(),
  taskId: z.string(),
  /** The update it carries; null where it asks for enrolment or for weights only. */
  updateId: z.string().nullable(),
  rounds: z.int().min(0),
  /** It asks the aggregator to enrol this PC. */
  asksToEnrol: z.boolean(),
});
export type ExportedFile = z.output<typeof exported>;

/** A reply of the aggregator that the agent has taken in. */
const imported = z.strictObject({
  kind: z.literal('imported'),
  plantName: z.string(),
  taskId: z.string(),
  /** false: this PC had all of it before. */
  isNew: z.boolean(),
  hasEnrolled: z.boolean(),
  hasReceipt: z.boolean(),
  heldReason: z.enum(['norm', 'check-set']).nullable(),
  /** Why the aggregator does not take the update; null where it does. */
  refusal: z.enum(ERROR_CODES).nullable(),
  /** Version of the weights that were installed; null where there were no new ones. */
  installedVersion: z.int().nullable(),
});
export type ImportedReply = z.output<typeof imported>;

/** What a command about files has done. */
export const exchangeResultSchema = z.discriminatedUnion('kind', [exported, imported]);
export type ExchangeResult = z.output<typeof exchangeResultSchema>;
