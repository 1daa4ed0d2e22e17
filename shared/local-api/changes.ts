import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { knownDriftSchema } from './drift.ts';
import { labellerName } from './labelling.ts';
import { decisionSchema, scoreKindSchema } from './model.ts';

/** What a person may ask about: since when. */
export const CHANGES_PERIODS = [
  /** The beginning of the shift of the moment. */
  'this-shift',
  /** The beginning of the shift before: what its people hand over, and what came since. */
  'last-shift',
  /** Seven days ago, for a Monday morning. */
  'week',
] as const;
export type ChangesPeriod = (typeof CHANGES_PERIODS)[number];

/** Limits that keep an answer within one control frame. */
export const CHANGES_LIMITS = { troubles: 12, labellers: 8, drifts: 4 } as const;

const at = z.iso.datetime();
const count = z.int().min(0);
const score = z.number().max(1).nullable();

/** How good a model was at the beginning, and how good it is now; null where that is not known. */
const scorePairSchema = z.strictObject({ before: score, now: score });
export type ScorePair = z.output<typeof scorePairSchema>;

/** Something that stood in the way for a minute or more. */
const troubleSchema = z.strictObject({
  /** No contact with the aggregator although there should be, or a problem by its code. */
  what: z.union([z.literal('offline'), z.enum(ERROR_CODES)]),
  from: at,
  /** null: it still does. */
  until: at.nullable(),
});
export type Trouble = z.output<typeof troubleSchema>;

/** Answer to the query `changes`. */
export const plantChangesSchema = z.strictObject({
  since: at,
  /** Nothing was done at this plant before that: there is nothing to compare with. */
  isFirst: z.boolean(),
  rounds: z.strictObject({ count, durationMs: z.number().min(0) }),
  updates: z.strictObject({
    delivered: count,
    /** Those that the aggregator will never take. */
    refused: count,
    /** Shared models that were installed. */
    received: count,
    /** Payload that left this PC. */
    sentBytes: count,
  }),
  /** On the plant's own held-out examples; null where nothing was measured since. */
  scores: z
    .strictObject({
      kind: scoreKindSchema,
      own: scorePairSchema,
      shared: scorePairSchema,
      inUse: scorePairSchema,
    })
    .nullable(),
  labels: z.strictObject({
    /** In force now. */
    count,
    /** Who gave the most, first. */
    by: z.array(z.strictObject({ name: labellerName, count })).max(CHANGES_LIMITS.labellers),
  }),
  model: z.strictObject({
    /** How often another one was put in use, and a new one was held back. */
    taken: count,
    heldBack: count,
    newest: decisionSchema.nullable(),
  }),
  /** Newest first. */
  troubles: z.array(troubleSchema).max(CHANGES_LIMITS.troubles),
  /** Warnings about newer data that somebody has confirmed since; newest first. */
  drifts: z.array(knownDriftSchema).max(CHANGES_LIMITS.drifts),
  /** Parts that watches have judged; null where there is no watch. */
  judged: z.strictObject({ ok: count, ng: count, named: count, unjudged: count }).nullable(),
});
export type PlantChanges = z.output<typeof plantChangesSchema>;
