import { z } from 'zod';

const HOUR_MS = 3_600_000;

const stalenessFunctionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({ kind: z.literal('polynomial'), exponent: z.number().min(0).max(10).default(0.5) }),
  z.strictObject({
    kind: z.literal('hinge'),
    /** a: how steeply influence falls past the grace. */
    slope: z.number().positive().max(1000).default(10),
    /** b: staleness that costs nothing yet; versions. */
    grace: z.number().min(0).max(1e6).default(4),
  }),
]);

/** How influence falls with staleness; see `stalenessFactor`. */
export type StalenessFunction = z.output<typeof stalenessFunctionSchema>;

const POLYNOMIAL: StalenessFunction = { kind: 'polynomial', exponent: 0.5 };

// Keys that came after the first release are optional without a default: a file that lacks them parses as before.
const orthoFlSchema = z
  .strictObject({
    strategy: z.literal('orthofl'),
    /** Which movement counts as the global shift. */
    reference: z.enum(['relay', 'average']).default('relay'),
    /** β₀ in (0, 1]: share of a fresh update in the moving average. */
    mixingWeight: z.number().positive().max(1).default(0.6),
    /** a ≥ 0: how fast staleness lowers that share. */
    stalenessExponent: z.number().min(0).max(10).default(0.5),
    /** Which weights are calibrated together. */
    grouping: z.enum(['layer', 'tensor', 'model']).default('layer'),
    /** Who calibrates; by default the server. `auto`: the clients, once they are many. Only with the average reference. */
    calibratedBy: z.enum(['server', 'client', 'auto']).optional(),
    /** With `auto`: for how many clients the server calibrates; see `DEFAULT_CALIBRATION_LIMIT`. */
    calibrationLimit: z.int().min(1).max(1_000_000).optional(),
    /** Makes a relay one with memory. */
    memory: z
      .strictObject({
        /** λ in [0, 1): how strongly the mean progress of all replaces a client's own last one. */
        rate: z.number().min(0).max(0.9).default(0.35),
        /** Reports per client after which the memory of one that stays away counts half; null: it never fades. */
        halfLife: z.number().positive().max(1e6).nullable().default(8),
      })
      .optional(),
  })
  .check((context) => {
    const { reference, memory, calibratedBy, calibrationLimit } = context.value;
    const refuse = (key: string, message: string) =>
      context.issues.push({ code: 'custom', path: [key], message, input: context.value });
    if (memory !== undefined && reference !== 'relay') refuse('memory', 'needs reference "relay"');
    if (calibratedBy !== undefined && calibratedBy !== 'server' && reference !== 'average') {
      refuse('calibratedBy', `"${calibratedBy}" needs reference "average"`);
    }
    if (calibrationLimit !== undefined && calibratedBy !== 'auto') {
      refuse('calibrationLimit', 'needs calibratedBy "auto"');
    }
  });

const fedAsyncSchema = z.strictObject({
  strategy: z.literal('fedasync'),
  /** α in (0, 1]: share of a fresh update. */
  mixingWeight: z.number().positive().max(1).default(0.6),
  staleness: stalenessFunctionSchema.default(POLYNOMIAL),
  /** ρ ≥ 0: pull of the local training towards its start weights. */
  proximalCoefficient: z.number().min(0).max(1000).default(0),
});

const bufferSize = z.int().min(1).max(10_000).default(3);

const fedBuffSchema = z.strictObject({
  strategy: z.literal('fedbuff'),
  /** K: updates per change of the global weights. */
  bufferSize,
  /** η: how far the global weights follow the mean update. */
  serverRate: z.number().positive().max(10).default(1),
  staleness: stalenessFunctionSchema.default(POLYNOMIAL),
});

const ca2flSchema = z.strictObject({
  strategy: z.literal('ca2fl'),
  /** M: updates per change of the global weights. */
  bufferSize,
  /** η: how far the global weights follow the calibrated mean update. */
  serverRate: z.number().positive().max(10).default(0.5),
});

const roundKeys = {
  /** Longest time a client that has reported waits for the others, milliseconds. */
  deadlineMs: z
    .int()
    .min(1000)
    .max(7 * 24 * HOUR_MS)
    .default(HOUR_MS / 2),
  /** Reports that close a round; left out: those of all clients that hold its weights. */
  roundSize: z.int().min(1).max(1_000_000).optional(),
  /** Whether clients count by their examples or alike. */
  weighting: z.enum(['examples', 'equal']).default('examples'),
  /** What becomes of an update for a round that is closed: its progress counts in the open one, or it is dropped. */
  lateUpdates: z.enum(['carry', 'drop']).default('carry'),
};

const fedAvgSchema = z.strictObject({ strategy: z.literal('fedavg'), ...roundKeys });

const fedProxSchema = z.strictObject({
  strategy: z.literal('fedprox'),
  ...roundKeys,
  /** μ ≥ 0: pull of the local training towards the round's weights. */
  proximalCoefficient: z.number().min(0).max(1000).default(0.01),
});

function isRecord(candidate: unknown): candidate is object {
  return typeof candidate === 'object' && candidate !== null && !Array.isArray(candidate);
}

/** Settings of every strategy; without a name they are OrthoFL's. Unknown keys are refused. */
export const strategySettingsSchema = z.preprocess(
  (candidate) =>
    isRecord(candidate) && !('strategy' in candidate) ? { strategy: 'orthofl', ...candidate } : candidate,
  z.discriminatedUnion('strategy', [
    orthoFlSchema,
    fedAsyncSchema,
    fedBuffSchema,
    ca2flSchema,
    fedAvgSchema,
    fedProxSchema,
  ]),
);

export type StrategySettings = z.output<typeof strategySettingsSchema>;
export type StrategyName = StrategySettings['strategy'];
export type OrthoFlSettings = z.output<typeof orthoFlSchema>;
export type FedAsyncSettings = z.output<typeof fedAsyncSchema>;
export type FedBuffSettings = z.output<typeof fedBuffSchema>;
export type Ca2flSettings = z.output<typeof ca2flSchema>;
export type FedAvgSettings = z.output<typeof fedAvgSchema>;
export type FedProxSettings = z.output<typeof fedProxSchema>;
/** What FedAvg and FedProx have in common. */
export type RoundSettings = Omit<FedAvgSettings, 'strategy'>;
