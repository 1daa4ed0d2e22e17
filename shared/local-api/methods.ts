import { z } from 'zod';

/** How a plant's PC can compute, in the words of the trainer. */
export const BACKEND_NAMES = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export const backendName = z.enum(BACKEND_NAMES);
export type MethodName = z.output<typeof backendName>;

/** How a training method did in its measurement. */
export const measuredMethodSchema = z.strictObject({
  name: backendName,
  /** The graphics processor that it computes on; null: the processor itself. */
  device: z.string().nullable(),
  /** Training of the task's own model; null where it cannot be used. */
  examplesPerSecond: z.number().positive().nullable(),
  /** Why it cannot be used; null where it can. */
  reason: z.string().nullable(),
});
export type MeasuredMethod = z.output<typeof measuredMethodSchema>;

/** What was measured, and for what: on another PC, with another model or version it would say nothing. */
export const methodSurveySchema = z.strictObject({
  /** Digest of what the figures hold for. */
  subject: z.string(),
  measuredAt: z.iso.datetime(),
  methods: z.array(measuredMethodSchema),
});
export type MethodSurvey = z.output<typeof methodSurveySchema>;

/** All there is to say about the training methods of a PC. */
export const methodReportSchema = z.strictObject({
  /** The one a person has chosen; null: the fastest. */
  requested: backendName.nullable(),
  /** The one training runs with; null while it does not. */
  inUse: backendName.nullable(),
  /** Null before the first measurement. */
  survey: methodSurveySchema.nullable(),
  isMeasuring: z.boolean(),
  /** Those that failed since the agent's start, and are not tried again until it is started anew or measured again. */
  failed: z.array(z.strictObject({ name: backendName, reason: z.string() })),
});
export type MethodReport = z.output<typeof methodReportSchema>;

/**
 * How many times faster a graphics processor is than the fastest method without one.
 * @returns null where the method uses none, or there is nothing to compare it with
 */
export function timesFaster(survey: MethodSurvey, name: MethodName): number | null {
  const method = survey.methods.find((one) => one.name === name);
  if (method?.device == null || method.examplesPerSecond === null) return null;
  const rates = survey.methods.flatMap(({ device, examplesPerSecond }) =>
    device === null && examplesPerSecond !== null ? [examplesPerSecond] : [],
  );
  return rates.length === 0 ? null : method.examplesPerSecond / Math.max(...rates);
}
