/**
 * How a model is judged on a check set. Each is a number from 0 to 1, the higher the better, and 0 for a model that is
 * worth no more than none; accuracies alone have their chance level above that.
 */
export const CHECK_METRICS = [
  /** Share of the examples judged right. */
  'accuracy',
  /** Mean over the classes of the share of each that is judged right. */
  'balanced-accuracy',
  /** R², or 0 where that is negative: a number is met no better than by the mean of all. */
  'r-squared',
  /** 2 AUROC − 1, or 0 where that is negative: bad examples are told from good ones no better than by chance. */
  'separation',
  /** R² of reconstructed inputs, or 0 where that is negative; of a check set without bad examples. */
  'reconstruction',
] as const;
export type CheckMetric = (typeof CHECK_METRICS)[number];
