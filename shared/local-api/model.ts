import { z } from 'zod';

/** The three models of a plant after a sync, in the order in which they are shown. */
export const PLANT_MODELS = [
  /** What this plant has learnt by itself, as it was right before the sync. */
  'own',
  /** The global weights, as the aggregator has merged them from all plants. */
  'shared',
  /** What the sync made of both, and what training goes on from: calibrated to what this plant has learnt. */
  'together',
] as const;
export type PlantModel = (typeof PLANT_MODELS)[number];

/** Limits that keep a report within one control frame. */
export const MODEL_REPORT_LIMITS = {
  comparisons: 60,
  decisions: 50,
  /** Kinds of mistakes listed per model, and classes. */
  mistakes: 40,
  classes: 200,
  /** Pictures kept and shown of one kind of mistake. */
  pictures: 6,
} as const;

const at = z.iso.datetime();
const count = z.int().min(0);
const plantModel = z.enum(PLANT_MODELS);
/** The higher the better, at most 1; null where it cannot be told, such as without held-out examples. */
export const score = z.number().max(1).nullable();
/** Who decides, as people know each other. */
export const deciderName = z.string().trim().min(1).max(100);

/** What scores mean. */
export const scoreKindSchema = z.enum(['accuracy', 'balanced-accuracy', 'r-squared', 'auroc']);
export type ScoreKind = z.output<typeof scoreKindSchema>;

/** How good the models were after one sync, on the plant's own held-out examples of that time. */
export const comparisonSchema = z.strictObject({
  at,
  /** Rounds finished by then. */
  round: count,
  globalVersion: count,
  scoreKind: scoreKindSchema,
  examples: count,
  own: score,
  /** Also null where the shared model did not come: the link is slow, or the aggregator is of an older version. */
  shared: score,
  together: score,
  /** Of the model in use before the gate decided; null where there was none. */
  inUse: score,
});
export type Comparison = z.output<typeof comparisonSchema>;

/** Why the gate took or kept a model; `person` where it was not the gate. */
export const DECISION_REASONS = [
  /** There was none in use. */
  'first',
  /** At least as good as the one in use. */
  'as-good',
  /** Clearly better than the one in use, though it is not what training goes on from. */
  'better',
  /** A little worse on paper, but within what chance makes of so few examples. */
  'within-chance',
  /** Worse than the one in use: that one stays. */
  'worse',
  /** Its answers are no numbers: it can never be used. */
  'unusable',
  /** Nothing is held out to judge by: the newest is used. */
  'not-judged',
  'person',
] as const;

/** One decision about the model in use. */
export const decisionSchema = z.strictObject({
  at,
  /** Who decided; null: the gate. */
  by: deciderName.nullable(),
  kind: z.enum([
    /** This model is in use from then on. */
    'taken',
    /** The gate did not take this model. */
    'held-back',
    /** A person keeps the one in use, whatever comes. */
    'kept',
    /** The gate decides again. */
    'automatic',
  ]),
  /** Which was taken, held back or kept; null with `automatic`. */
  model: plantModel.nullable(),
  /** Of the sync it comes from; null with `automatic`. */
  globalVersion: count.nullable(),
  reason: z.enum(DECISION_REASONS),
  /** Its score and that of the one in use before, where both were known. */
  score,
  inUseScore: score,
});
export type Decision = z.output<typeof decisionSchema>;

/** The model that judges new parts. */
export const modelInUseSchema = z.strictObject({
  model: plantModel,
  /** Of the sync it comes from. */
  globalVersion: count,
  /** When that sync was. */
  from: at,
  /** Since when it is in use. */
  since: at,
  /** As last measured. */
  score,
});

/** What a status tells: enough for one line. */
export const modelSummarySchema = z.strictObject({
  /** null: the gate decides; otherwise a person has. */
  chosenBy: deciderName.nullable(),
  inUse: modelInUseSchema,
  scoreKind: scoreKindSchema.nullable(),
  /** Whether the newest model was held back because it is worse than the one in use. */
  isHoldingBack: z.boolean(),
});
export type ModelSummary = z.output<typeof modelSummarySchema>;

/** What one of the three gets wrong, as last measured. */
const judgedModelSchema = z.strictObject({
  model: plantModel,
  globalVersion: count,
  /** Whether its weights are here, so that a person can take it. */
  isAvailable: z.boolean(),
  score,
  loss: z.number().nullable(),
  /** Where a class is told: per class of the task, in its order, how many of how many are judged right. */
  classes: z.array(z.strictObject({ right: count, total: count })).max(MODEL_REPORT_LIMITS.classes),
  /** The most frequent mistakes, most frequent first; classes by their place in the task. */
  mistakes: z
    .array(z.strictObject({ actual: count, judgedAs: count, count: z.int().positive() }))
    .max(MODEL_REPORT_LIMITS.mistakes),
  /** Where a number is told: in its unit. */
  regression: z.strictObject({ meanAbsoluteError: z.number(), rootMeanSquaredError: z.number() }).nullable(),
});
export type JudgedModel = z.output<typeof judgedModelSchema>;

/** Answer to the query `model`. */
export const modelReportSchema = z.strictObject({
  /** null before the first sync was judged. */
  summary: modelSummarySchema.nullable(),
  /** Of the newest sync that was judged, in the order of {@link PLANT_MODELS}; those that are known. */
  models: z.array(judgedModelSchema).max(PLANT_MODELS.length),
  /** One per sync, oldest first; the newest of them. */
  comparisons: z.array(comparisonSchema).max(MODEL_REPORT_LIMITS.comparisons),
  /** Newest first. */
  decisions: z.array(decisionSchema).max(MODEL_REPORT_LIMITS.decisions),
});
export type ModelReport = z.output<typeof modelReportSchema>;

/** Which held-out pictures a model takes for something else. */
export const mistakeWishSchema = z.strictObject({ model: plantModel, actual: count, judgedAs: count });
export type MistakeWish = z.output<typeof mistakeWishSchema>;

/** Answer to the query `mistaken-pictures`: empty where the examples are no pictures, or are not there any more. */
export const mistakenPicturesSchema = z
  .array(
    z.strictObject({
      path: z.string().max(1000),
      /** `data:image/jpeg;base64,…`; null where it cannot be opened, or would be too large. */
      thumbnail: z.string().max(2400).nullable(),
    }),
  )
  .max(MODEL_REPORT_LIMITS.pictures);
export type MistakenPictures = z.output<typeof mistakenPicturesSchema>;

/** A person decides: one of the three of the newest sync, or the one in use, stays in use until `automatic-model`. */
export const modelWish = z.enum([...PLANT_MODELS, 'in-use']);
