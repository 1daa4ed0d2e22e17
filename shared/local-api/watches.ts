import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { exchangePath } from './exchange.ts';
import { judgedItemSchema } from './judging.ts';
import { pictureId } from './labelling.ts';

/** Most watches at a time. */
export const MAX_WATCHES = 8;

/** Most results that a status tells of. */
export const MAX_RECENT_RESULTS = 12;

/** Most values of a row that a status tells of. */
export const MAX_SHOWN_VALUES = 12;

/** What is judged as it comes, and where the results go. */
export const watchWishSchema = z.strictObject({
  /**
   * A folder: pictures in it, and below, are judged once each; or the rows of CSV files, or windows of the series in them.
   * Or one CSV file, which may grow, and may be begun anew under the same name.
   */
  path: exchangePath,
  /** CSV file; results are added to what is there. */
  results: exchangePath,
  /** Of the table's words. */
  language: z.enum(['en', 'ja']),
});
export type WatchWish = z.output<typeof watchWishSchema>;

/** A result of a watch. */
export const watchedResultSchema = z.strictObject({
  item: judgedItemSchema,
  at: z.iso.datetime(),
  /** What the agent shows the picture under; null for rows and windows. */
  picture: pictureId.nullable(),
  /** The row's, or of a window the last row's, first columns. */
  values: z.array(z.strictObject({ name: z.string(), value: z.number() })).max(MAX_SHOWN_VALUES),
});
export type WatchedResult = z.output<typeof watchedResultSchema>;

const count = z.int().min(0);

/** How a watch stands. */
export const watchStatusSchema = z.strictObject({
  ...watchWishSchema.shape,
  /** What is judged one by one; null before the task is known. */
  kind: z.enum(['pictures', 'rows', 'windows']).nullable(),
  /** Results in the table, of what could be judged and what could not. */
  written: count,
  /** Pictures without a result; or files that have not been read to their end. */
  waiting: count,
  /** Since when {@link counts} are counted: the start of the watch, or of the agent. */
  since: z.iso.datetime(),
  /** Results since then. */
  counts: z.strictObject({
    ok: count,
    ng: count,
    /** Where nobody has said what is good: classes, numbers. */
    named: count,
    unjudged: count,
  }),
  /** The newest results of this start of the agent, newest first. */
  recent: z.array(watchedResultSchema).max(MAX_RECENT_RESULTS),
  /** What stands in the way at the moment; it is tried again. */
  problem: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string().nullable() }).nullable(),
});
export type WatchStatus = z.output<typeof watchStatusSchema>;

/** Words that the names of tables end with where nobody gives another. */
const RESULTS = { en: ' results', ja: ' 判定結果' } as const;

/** Where results go where nobody says: beside what is watched, never in it. */
export function usualResults(path: string, language: keyof typeof RESULTS): string {
  const whole = path.replace(/(?<=[^/\\:])[/\\]+$/, '').replace(/(?<=[^/\\])\.(csv|tsv|txt|log|dat)$/i, '');
  return `${whole}${RESULTS[language]}.csv`;
}
