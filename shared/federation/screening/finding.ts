import { z } from 'zod';
import { CHECK_METRICS } from './check-metric.ts';

const figure = z.number().min(0);

/** Why an update was put into quarantine, with the figures that decided it. */
export const findingSchema = z.discriminatedUnion('kind', [
  /** Far out of what this client and the task usually report. */
  z.strictObject({
    kind: z.literal('history'),
    /** The layer, or `model` for all of it. */
    group: z.string(),
    norm: figure,
    /** Median of the task's history, for as many rounds. */
    usual: figure,
    /** Robust z-scores in the client's own history (null where that is too short) and in the task's. */
    ownScore: z.number().nullable(),
    taskScore: z.number(),
    limit: figure,
  }),
  /** Too large for the weights it started from, while there is no history to compare with. */
  z.strictObject({
    kind: z.literal('absolute'),
    group: z.string(),
    norm: figure,
    startNorm: figure,
    /** Largest ratio of the two. */
    limit: figure,
  }),
  /** Spoils the model on the check set. */
  z.strictObject({
    kind: z.literal('check-set'),
    metric: z.enum(CHECK_METRICS),
    /** By the metric, without the update and with it. */
    before: z.number().min(0).max(1),
    after: z.number().min(0).max(1),
    /** Largest loss. */
    limit: figure,
  }),
]);

export type Finding = z.output<typeof findingSchema>;
