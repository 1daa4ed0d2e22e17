import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { exchangePath } from './exchange.ts';
import { MAX_SENT_PICTURE_BYTES } from './limits.ts';
import { PLANT_MODELS } from './model.ts';

/** Most items in an answer, and in one part of a long one. */
export const JUDGED_PAGE_SIZE = 100;

/** Most rows in one message. */
export const MAX_SENT_ROWS = 10_000;

const name = z.string().max(4096);
const share = z.number().min(0).max(1);

/** A row as a program sends it: values by the names of their columns. */
export const sentRowSchema = z.record(
  z.string().max(200),
  z.union([z.string().max(1000), z.number(), z.null()]),
);

/** What is to be judged. */
const subjectSchema = z.discriminatedUnion('kind', [
  /** Pictures, CSV files, or folders of them, on the agent's PC. */
  z.strictObject({ kind: z.literal('paths'), paths: z.array(exchangePath).min(1).max(1000) }),
  /** The content of a picture, such as one that was dropped on a page. */
  z.strictObject({
    kind: z.literal('picture'),
    name,
    base64: z.base64().max(Math.ceil(MAX_SENT_PICTURE_BYTES / 3) * 4),
  }),
  /** Rows of a table, each judged by itself; or rows of one series, judged window by window. */
  z.strictObject({ kind: z.literal('rows'), rows: z.array(sentRowSchema).min(1).max(MAX_SENT_ROWS) }),
]);

/** A wish to have something judged. */
export const judgeWishSchema = z.strictObject({
  subject: subjectSchema,
  /** Has all items sent before the answer, part by part; without, the answer's first items are all there is. */
  parts: z.boolean(),
  /** Chosen by whoever may want to break it off (`cancel-judging`). */
  key: z.string().min(1).max(100).optional(),
});
export type JudgeWish = z.output<typeof judgeWishSchema>;
export type JudgeSubject = JudgeWish['subject'];

/** What the model says of one item. */
export const verdictSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('class'),
    className: z.string(),
    /** Share that the model gives this class. */
    certainty: share,
    /** Whether the part passes; null where nobody has said which classes are good. */
    isGood: z.boolean().nullable(),
    /** Share that the model gives to all bad classes together; null as above. */
    score: z.number().nullable(),
    /** Score above which a part is rejected; null where the likeliest class counts. See `rejection.ts`. */
    threshold: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal('number'), value: z.number(), unit: z.string() }),
  z.strictObject({
    kind: z.literal('anomaly'),
    /** null where nothing good was held out to set a threshold by. */
    isUnusual: z.boolean().nullable(),
    /** The task's name for it: the good class, or the other. */
    className: z.string().nullable(),
    /** Reconstruction error: the larger, the less it is like what was learnt. */
    score: z.number(),
    /** Score above which an item is unusual. */
    threshold: z.number().nullable(),
  }),
]);
export type Verdict = z.output<typeof verdictSchema>;

/** One picture, row or window: judged, or why not. */
export const judgedItemSchema = z.strictObject({
  /** File name, below the folder that was asked for; of sent rows `''`. */
  name,
  /** Line in the file, or place among the sent rows, from 1; of a window the last. null for a picture. */
  line: z.int().nullable(),
  /** Series that a window is of, as its column names it; null where there is none. */
  series: z.string().nullable(),
  verdict: verdictSchema.nullable(),
  problem: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string().nullable() }).nullable(),
});
export type JudgedItem = z.output<typeof judgedItemSchema>;

/** Which model has judged. */
export const judgingModelSchema = z.strictObject({
  model: z.enum(PLANT_MODELS),
  /** Of the sync it comes from. */
  globalVersion: z.int(),
  /** Rounds this plant had trained. */
  rounds: z.int(),
});
export type JudgingModel = z.output<typeof judgingModelSchema>;

/** Some of the items of a long judgement. */
export const judgedPartSchema = z.array(judgedItemSchema).max(JUDGED_PAGE_SIZE);

/** What came of a wish. */
export const judgementSchema = z.strictObject({
  model: judgingModelSchema,
  judged: z.int(),
  failed: z.int(),
  /** Items of each class of the task, in its order; empty where a number is learnt. */
  classes: z.array(z.strictObject({ className: z.string(), count: z.int() })),
  /** The first items. */
  items: judgedPartSchema,
});
export type Judgement = z.output<typeof judgementSchema>;
