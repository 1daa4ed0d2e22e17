import type { CalibrationInput, GroupCoefficient } from './calibration.ts';
import type { CalibrationGroup } from './groups.ts';
import { fastestKernels } from './kernels/fastest-kernels.ts';
import type { Kernels } from './kernels/kernels.ts';
import { mergeInto } from './merge-into.ts';
import { stalenessMixingWeight } from './staleness.ts';
import type { OrthoFlSettings } from './strategies/settings.ts';

/** One client's report with the server state it meets. */
export interface MergeInput extends CalibrationInput {
  /** G_v, the moving average before this update. */
  readonly globalWeights: Float32Array;
  /** Merges by other clients since this client's base; versions. */
  readonly staleness: number;
}

/** What a merge leaves behind; both vectors are new. */
export interface MergeResult {
  /** G_{v+1}: served, evaluated, released. */
  readonly globalWeights: Float32Array;
  /** The reply to the client; under the relay reference also the new reference. */
  readonly calibratedWeights: Float32Array;
  /** β of this update. */
  readonly mixingWeight: number;
  readonly calibration: GroupCoefficient[];
  /** Both vectors, unless one is not finite: then neither may be kept. */
  readonly finite: readonly Float32Array[];
}

/**
 * One step of OrthoFL: calibrate against the reference *before* this update, then merge the update.
 *
 * Equation: DESIGN "The algorithm", steps 1 to 5 (Zhang et al., arXiv 2502.15940). The caller chooses the
 * reference: relay (`referenceNow` = R, the calibrated weights last sent to any client; `referenceAtBase` = S_m)
 * or average (G_v and G_τ). Calibrating after the merge would let the client's own weights pull it back.
 * Shapes: all vectors of one length, the size of the layout the groups were made from.
 * Throws: RangeError on different lengths, a staleness below 0, or groups that overlap or leave the vectors.
 * Numerics: see `mergeInto`, the same without new vectors.
 * Ownership: mutates nothing; the results lie in the pool of `globalWeights`, if that has one.
 */
export function mergeUpdate(
  input: MergeInput,
  settings: OrthoFlSettings,
  groups: readonly CalibrationGroup[],
  kernels: Kernels = fastestKernels(),
): MergeResult {
  const mixingWeight = stalenessMixingWeight(input.staleness, settings);
  const targets = {
    globalWeights: kernels.vectorBeside(input.globalWeights),
    calibratedWeights: kernels.vectorBeside(input.globalWeights),
  };
  const { calibration, overflowed } = mergeInto(input, { groups, mixingWeight }, targets, kernels);
  const { globalWeights, calibratedWeights } = targets;
  const finite = overflowed ? [] : [globalWeights, calibratedWeights];
  return { globalWeights, calibratedWeights, mixingWeight, calibration, finite };
}
