import { z } from 'zod';

const className = z.string().min(1).max(100);
const count = z.int().min(0);

/** Largest share of good parts that may be rejected. */
export const MAX_REJECTED_SHARE = 0.5;

/** How a plant wants good parts told from bad ones. */
export const rejectionWishSchema = z.strictObject({
  /**
   * Share of good parts that may be rejected. null: where classes are told, the likeliest class counts; for anomalies what
   * the task says.
   */
  rejectGood: z.number().min(0).max(MAX_REJECTED_SHARE).nullable(),
  /** Classes whose parts are good. null: by their names, or the first class of an anomaly task. */
  goodClasses: z.array(className).min(1).max(1000).nullable(),
});
export type RejectionWish = z.output<typeof rejectionWishSchema>;

/** Why there is no threshold. */
export const NO_REJECTION_REASONS = [
  /** The task tells a number. */
  'tells-number',
  /** Nobody has said which classes are good, and their names do not tell. */
  'good-classes-unknown',
  /** The likeliest class counts: nobody has said how many good parts may be rejected. */
  'not-asked',
  /** No good part was held out to measure on. */
  'no-good-examples',
] as const;

/** How good and bad parts are told apart now. */
export const rejectionSchema = z.strictObject({
  wish: rejectionWishSchema,
  /** Classes that count as good; null where nobody knows. */
  goodClasses: z.array(className).nullable(),
  /** All classes of the task, to choose from. */
  classes: z.array(className),
  /** Score above which a part is rejected: the share given to bad classes, or the reconstruction error. */
  threshold: z.number().nullable(),
  /** Why there is none. */
  reason: z.enum(NO_REJECTION_REASONS).nullable(),
  /** What that does to the parts that were held out; null where good and bad are not told apart, or nothing is held out. */
  measured: z
    .strictObject({
      goodPassed: count,
      goodRejected: count,
      badFound: count,
      badMissed: count,
      /** Whether each part was judged by a threshold that others have chosen. If not, it looks better than it is. */
      isIndependent: z.boolean(),
    })
    .nullable(),
});
export type Rejection = z.output<typeof rejectionSchema>;
export type MeasuredRejection = NonNullable<Rejection['measured']>;
