import { z } from 'zod';

const share = z.number().min(0).max(1);

/** One way in which newer examples are unlike those before them. */
export const driftFindingSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('column'),
    column: z.string().max(200),
    /** What changed most: the level of the values, or how far they spread; `different` where it is neither. */
    change: z.enum(['higher', 'lower', 'wider', 'narrower', 'different']),
    /** Largest distance between both distribution functions (Kolmogorov and Smirnov). */
    distance: share,
  }),
  z.strictObject({
    kind: z.literal('picture'),
    aspect: z.enum(['brightness', 'contrast', 'sharpness']),
    change: z.enum(['higher', 'lower', 'wider', 'narrower', 'different']),
    distance: share,
  }),
  z.strictObject({
    kind: z.literal('class'),
    className: z.string().max(200),
    /** Share of the class among the examples before, and among the newer ones. */
    before: share,
    now: share,
  }),
]);
export type DriftFinding = z.output<typeof driftFindingSchema>;

/** Newer data are unlike what the plant has trained on so far. */
export const driftNoticeSchema = z.strictObject({
  /** When the first of the examples that are unlike the rest were read. */
  since: z.iso.datetime(),
  /** Examples compared: those before, and the newer ones. */
  before: z.int(),
  now: z.int(),
  /** The most telling first. */
  findings: z.array(driftFindingSchema).min(1).max(8),
});
export type DriftNotice = z.output<typeof driftNoticeSchema>;

/** A notice that a person knows of, and since when. */
export const knownDriftSchema = driftNoticeSchema.extend({ knownAt: z.iso.datetime() });
export type KnownDrift = z.output<typeof knownDriftSchema>;
