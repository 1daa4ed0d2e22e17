import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { exchangePath } from './exchange.ts';

/** Most folders watched at a time. */
export const MAX_WATCHES = 8;

/** A folder whose new pictures are judged, and where the results go. */
export const watchWishSchema = z.strictObject({
  /** Pictures in it, and below, are judged once each. */
  folder: exchangePath,
  /** CSV file; results are added to what is there. */
  results: exchangePath,
  /** Of the table's words. */
  language: z.enum(['en', 'ja']),
});
export type WatchWish = z.output<typeof watchWishSchema>;

/** How a watch stands. */
export const watchStatusSchema = z.strictObject({
  ...watchWishSchema.shape,
  /** Pictures with a row in the table, judged or not judgeable. */
  written: z.int().min(0),
  /** Pictures of the folder that have none yet. */
  waiting: z.int().min(0),
  /** When the last row was written by this start of the agent; null before. */
  lastAt: z.iso.datetime().nullable(),
  /** Why nothing is written at the moment; it is tried again. */
  problem: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string().nullable() }).nullable(),
});
export type WatchStatus = z.output<typeof watchStatusSchema>;
