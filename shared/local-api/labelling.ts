import { z } from 'zod';

/** Most pictures in one answer. */
export const LABEL_PAGE_SIZE = 200;

/** sha256 of a picture's bytes: a picture is itself wherever it lies and whatever it is called. */
export const pictureId = z.string().regex(/^[0-9a-f]{64}$/);

const className = z.string().min(1).max(100);
/** Who labels, as people know each other. */
export const labellerName = z.string().trim().min(1).max(100);

/** What the model takes a picture for. */
export const suggestionSchema = z.strictObject({
  className,
  /** 0 to 1. */
  confidence: z.number().min(0).max(1),
});
export type Suggestion = z.output<typeof suggestionSchema>;

/** A person's word on a picture. */
export const labelSchema = z.strictObject({
  labelId: z.int().positive(),
  picture: pictureId,
  /** File name, for people. */
  name: z.string(),
  className,
  labelledBy: labellerName,
  labelledAt: z.iso.datetime(),
  /** When somebody took it back; null while it holds. */
  undoneAt: z.iso.datetime().nullable(),
});
export type Label = z.output<typeof labelSchema>;

/** Most pictures that a window may name as known to it. */
export const MAX_KNOWN_PICTURES = 50_000;

/** Which pictures a window wants. */
export const labelQueueWishSchema = z.strictObject({
  /** Who labels there; null before anybody has said so. */
  labelledBy: labellerName.nullable(),
  /** Pictures that it has already: the answer names others. */
  except: z.array(pictureId).max(MAX_KNOWN_PICTURES),
});
export type LabelQueueWish = z.output<typeof labelQueueWishSchema>;

export const labelQueueSchema = z.strictObject({
  /** Folder of the pictures; null before one is set. */
  folder: z.string().nullable(),
  /** Classes to choose from, in the order of the task. */
  classes: z.array(className),
  /** Pictures without a label, and with one, of the files that were looked at. */
  waiting: z.int().min(0),
  labelled: z.int().min(0),
  /** Files that were not looked at yet. */
  unread: z.int().min(0),
  /** Of the pictures that wait, those that the model has not looked at yet. */
  unjudged: z.int().min(0),
  /** The most uncertain ones first; those without a suggestion by name, behind them. */
  pictures: z
    .array(z.strictObject({ picture: pictureId, name: z.string(), suggestion: suggestionSchema.nullable() }))
    .max(LABEL_PAGE_SIZE),
  /** The newest label of whoever asks: what they can take back; null where there is none. */
  own: labelSchema.nullable(),
  /** The newest label of all; null where there is none. */
  last: labelSchema.nullable(),
});
export type LabelQueue = z.output<typeof labelQueueSchema>;
