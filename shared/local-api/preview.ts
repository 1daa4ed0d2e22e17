import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';

/** Limits that keep a preview within one control frame. */
export const PREVIEW_LIMITS = {
  /** Pictures shown. */
  samples: 12,
  /** Longest picture shown, characters of its data URL. */
  thumbnailCharacters: 2400,
  /** Rows shown, columns shown of each, and characters shown of a field. */
  rows: 5,
  columns: 24,
  fieldCharacters: 60,
  /** Names listed in one place: files, columns, classes. */
  names: 40,
  /** Classes listed. */
  classes: 200,
  /** Skipped files or rows listed. */
  skipped: 20,
} as const;

/** What a person gave a column, a class or a file as its name, cut where it is longer. */
const name = z.string().max(200);
const count = z.int().min(0);
const names = z.array(name).max(PREVIEW_LIMITS.names);

/** Something about the data that a person should look at, with what its sentence needs. */
export const dataCheckSchema = z.discriminatedUnion('kind', [
  /** Folders or labels that the task does not know: nothing can be read before somebody decides what they are. */
  z.strictObject({ kind: z.literal('unknown-classes'), names }),
  /** Classes of the task without an example. A plant need not have seen every defect. */
  z.strictObject({ kind: z.literal('absent-classes'), names }),
  /** Too few examples of a class to learn it and to be judged by it. */
  z.strictObject({ kind: z.literal('rare-class'), name, count, wanted: count }),
  /** The same picture, byte by byte, lies in two classes. */
  z.strictObject({ kind: z.literal('same-in-two-classes'), count, one: name, other: name }),
  /** Columns that say the same in every row: nothing can be learnt from them. */
  z.strictObject({ kind: z.literal('constant-columns'), names }),
  /** Much of what is there could not be used. */
  z.strictObject({ kind: z.literal('much-skipped'), skipped: count, total: count }),
  /** Fewer examples are held out than a judgement needs. */
  z.strictObject({ kind: z.literal('few-held-out'), count, wanted: count }),
  /** Classes that are learnt but of which nothing is held out: nobody will know how well. */
  z.strictObject({ kind: z.literal('not-held-out'), names }),
]);
export type DataCheck = z.output<typeof dataCheckSchema>;

/** How a CSV file was understood. */
const previewTableSchema = z.strictObject({
  encoding: z.enum(['utf-8', 'shift_jis', 'utf-16le', 'utf-16be']),
  separator: z.enum([',', ';', '\t']),
  decimal: z.enum(['.', ',']),
  /** Rows above the one with the names of the columns. */
  rowsBeforeHeader: count,
  fileCount: count,
  /** Columns in the order of the file, with what the task does with them; of many the used ones first. */
  columns: z
    .array(z.strictObject({ name, use: z.enum(['input', 'label', 'group', 'split', 'unused']) }))
    .max(PREVIEW_LIMITS.columns),
  columnCount: count,
  /** Columns of the task that are not there, and what is called nearly like them. */
  missing: z.array(z.strictObject({ name, nearest: name.nullable() })).max(PREVIEW_LIMITS.names),
  /** The first rows as they stand in the file, in the order of `columns`. */
  rows: z
    .array(z.array(z.string().max(PREVIEW_LIMITS.fieldCharacters)).max(PREVIEW_LIMITS.columns))
    .max(PREVIEW_LIMITS.rows),
});

const previewPicturesSchema = z.strictObject({
  /** Pictures that were opened, spread over all: opening every one would take minutes. */
  opened: count,
  /** Smallest and largest of those, pixels; null where none could be opened. */
  smallest: z.strictObject({ width: count, height: count }).nullable(),
  largest: z.strictObject({ width: count, height: count }).nullable(),
  samples: z
    .array(
      z.strictObject({
        path: z.string().max(1000),
        className: name,
        /** `data:image/jpeg;base64,…`; null where it would be too large. */
        thumbnail: z.string().max(PREVIEW_LIMITS.thumbnailCharacters).nullable(),
      }),
    )
    .max(PREVIEW_LIMITS.samples),
});

/** What an agent makes of a file or folder, before anything of it is used. */
export const previewSchema = z.strictObject({
  path: z.string(),
  /** null where it could not be recognised. */
  kind: z.enum(['images', 'idx', 'csv']).nullable(),
  /** What one example is. */
  unit: z.enum(['picture', 'row', 'window']),
  /** Whether the task was known: without it the files are described, and nothing is said about their use. */
  isTaskKnown: z.boolean(),
  /** Why it cannot be used as it is; null where it can. */
  problem: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string().max(2000).nullable() }).nullable(),
  /** Examples there are; of pictures the files, before the broken ones are known. */
  examples: count,
  /** Whether all of it was looked at; otherwise counts are of the beginning. */
  isWhole: z.boolean(),
  /** Examples of each class, most of all of them listed; empty where a number is learnt. */
  classes: z.array(z.strictObject({ name, count })).max(PREVIEW_LIMITS.classes),
  skipped: count,
  skippedItems: z
    .array(z.strictObject({ item: z.string().max(300), reason: z.string().max(300) }))
    .max(PREVIEW_LIMITS.skipped),
  table: previewTableSchema.nullable(),
  pictures: previewPicturesSchema.nullable(),
  /** How the examples would be divided; null where that is not known yet. */
  split: z
    .strictObject({
      by: z.enum(['example', 'column', 'time', 'folder', 'name']),
      /** The column by which, where it is one. */
      column: name.nullable(),
      training: count,
      validation: count,
      /** Lots, parts, folders on either side; null where each example stands for itself. */
      groups: z.strictObject({ training: count, validation: count }).nullable(),
    })
    .nullable(),
  checks: z.array(dataCheckSchema).max(60),
});
export type DataPreview = z.output<typeof previewSchema>;

/** How far a reading of the data has come. */
export const readingProgressSchema = z.strictObject({
  /** Files (of pictures) or bytes (of tables) done, of `total`. */
  done: count,
  total: count,
  unit: z.enum(['files', 'bytes']),
  since: z.iso.datetime(),
});
export type ReadingProgress = z.output<typeof readingProgressSchema>;
