import { calibrate } from '../calibration.ts';
import type { CalibrationGroup } from '../groups.ts';
import { movingAverage } from '../moving-average.ts';
import type { Reply } from './strategy.ts';

/** What a client keeps between two reports when it calibrates by itself. */
export interface ClientBase {
  /** S_m. */
  readonly startWeights: Float32Array;
  /** G_τ: the average right after its own previous merge, or the weights it joined with. */
  readonly averageAtBase: Float32Array;
}

/** The next base, and whether it may be installed. */
export interface NextClientBase extends ClientBase {
  /** Whether calibrated weights left the range of float32: install none of them. */
  readonly overflowed: boolean;
}

/**
 * The client's half of OrthoFL with the average reference: its next base, from the reply to the weights it reported. Bit
 * by bit what `OrthoFlAverage` does on the server.
 *
 * Equation: S_m ← W + Δ⊥ with Δ = G_v − G_τ (see `calibrate`), G_τ ← (1 − β) G_v + β W (see `movingAverage`).
 * Shapes: all vectors of one length. Throws: RangeError on different lengths. Ownership: mutates nothing.
 */
export function calibrateOnClient(
  { globalWeights, mixingWeight }: Extract<Reply, { kind: 'calibrate' }>,
  reported: Float32Array,
  { startWeights, averageAtBase }: ClientBase,
  groups: readonly CalibrationGroup[],
): NextClientBase {
  const { calibratedWeights, overflowed } = calibrate(
    {
      clientWeights: reported,
      startWeights,
      referenceNow: globalWeights,
      referenceAtBase: averageAtBase,
    },
    groups,
  );
  const next = movingAverage(globalWeights, reported, mixingWeight);
  return { startWeights: calibratedWeights, averageAtBase: next, overflowed };
}
