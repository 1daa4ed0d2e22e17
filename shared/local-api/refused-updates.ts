import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';

const timestamp = z.iso.datetime();

/** Refused updates that a status names, newest first; the rest is there for those who ask. */
export const REFUSED_IN_STATUS = 5;

/** Updates of one page. */
export const REFUSED_PAGE = 100;

/** An update that the aggregator will never take. What it had learnt is in the plant's weights and goes with the next one. */
export const refusedUpdateSchema = z.strictObject({
  /** Counts up with time. */
  number: z.int().positive(),
  updateId: z.string(),
  /** Why. */
  code: z.enum(ERROR_CODES),
  rounds: z.int().positive(),
  /** When its first round was finished. */
  createdAt: timestamp,
  /** null where an older version of this program heard of it. */
  refusedAt: timestamp.nullable(),
});
export type RefusedUpdate = z.output<typeof refusedUpdateSchema>;

/** A part of them, oldest first. */
export const refusedPageSchema = z.strictObject({
  updates: z.array(refusedUpdateSchema).max(REFUSED_PAGE),
  hasMore: z.boolean(),
});
export type RefusedPage = z.output<typeof refusedPageSchema>;
