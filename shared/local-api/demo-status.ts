import { z } from 'zod';
import { NETWORK_STATES } from './network.ts';

const accuracy = z.number().min(0).max(1).nullable();

/** What the demo's page shows; the demo serves it at `/status` and pushes it as server-sent events at `/events`. */
export const demoStatusSchema = z.strictObject({
  phase: z.enum(['preparing', 'training', 'cut', 'healed', 'finishing', 'comparing', 'done', 'failed']),
  elapsedSeconds: z.number(),
  globalVersion: z.int(),
  /** Of the served global model, on all digits. */
  globalAccuracy: accuracy,
  plants: z.array(
    z.strictObject({
      name: z.string(),
      /** Digits that make up most of this plant's data. */
      digits: z.string(),
      examples: z.int(),
      network: z.enum(NETWORK_STATES),
      roundsDone: z.int(),
      roundsPlanned: z.int(),
      roundsWaiting: z.int(),
      updatesDelivered: z.int(),
      staleness: z.int().nullable(),
      allAccuracy: accuracy,
      ownAccuracy: accuracy,
      /** Accuracy on all digits of the same plant training alone; known at the end. */
      localOnlyAccuracy: accuracy,
      /** Address of this plant's own window, with its token. */
      windowAddress: z.string().nullable(),
    }),
  ),
  /** Global accuracy over time, one point per measured version. */
  curve: z.array(z.strictObject({ seconds: z.number(), globalVersion: z.int(), accuracy: z.number() })),
  /** Plain-language summary, known at the end. */
  summary: z.strictObject({ en: z.array(z.string()), ja: z.array(z.string()) }).nullable(),
});
export type DemoStatus = z.output<typeof demoStatusSchema>;
