import { z } from 'zod';

/** Updates of a client, or of a task, before their norms say what is usual; fewer say nothing. */
export const SHORTEST_HISTORY = 3;

/**
 * How updates are judged before anything is merged; see `judgeNorms` and `judgeCheckSet`. Every key has a default,
 * and the whole object may be left out.
 */
export const screeningSchema = z.strictObject({
  /** Whether updates are screened at all. */
  enabled: z.boolean().default(true),
  /** Robust z-score above which a norm is out of the ordinary. */
  scoreLimit: z.number().min(2).max(1000).default(6),
  /** Updates that a history needs before anything is judged by it. */
  minimumHistory: z.int().min(SHORTEST_HISTORY).max(20).default(8),
  /** Largest loss on the check set by its metric (`CHECK_METRICS`), 1 being all of it; matters only where there is one. */
  accuracyLoss: z.number().min(0.005).max(1).default(0.7),
});

export type ScreeningSettings = z.output<typeof screeningSchema>;
