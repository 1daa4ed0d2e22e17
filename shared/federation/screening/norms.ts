import type { TensorRole, WeightLayout } from '../../model/layout.ts';
import type { WeightRange } from '../groups.ts';
import { type Kernels, newProjectionSums, squaredNormOf } from '../kernels/kernels.ts';
import { requireEqualLengths } from '../validate.ts';

/** Name of the group that is the whole model. No layer has it: `modelLayers` names them. */
export const WHOLE_MODEL = 'model';

/** One layer, with all it has: a wild layer hides in the norm of a large model. */
export interface NormGroup {
  readonly name: string;
  readonly range: WeightRange;
  /** Whether gradients move all of it; running statistics may jump from 0 to anything in one honest round. */
  readonly isTrained: boolean;
}

/** ‖δ‖ of the whole model and of each layer, by name. */
export type Norms = Readonly<Record<string, number>>;

/** The layers of a model, in order. */
export function normGroups({ tensors }: WeightLayout): NormGroup[] {
  const groups = new Map<string, { start: number; end: number; roles: TensorRole[] }>();
  for (const { layer, role, offset, size } of tensors) {
    const group = groups.get(layer) ?? { start: offset, end: offset, roles: [] };
    // The tensors of a layer lie side by side.
    group.end = offset + size;
    group.roles.push(role);
    groups.set(layer, group);
  }
  return [...groups].map(([name, { start, end, roles }]) => ({
    name,
    range: { start, end },
    isTrained: roles.every((role) => role === 'trainable'),
  }));
}

/**
 * How far an update moved each layer, and the whole model.
 *
 * Equation: ‖δ_l‖ = √Σ (W_i − S_i)², δ = W − S; the model's is √Σ_l ‖δ_l‖².
 * Shapes: both vectors of the layout's length. Throws: RangeError on different lengths.
 * Numerics: one sweep of the kernels, in float64; the order of every sum is fixed, so all kernels give the same bits.
 * With weights that may be merged (`MAX_WEIGHT_MAGNITUDE`) nothing overflows.
 * Ownership: mutates nothing.
 */
export function deltaNorms(
  {
    clientWeights,
    startWeights,
  }: { readonly clientWeights: Float32Array; readonly startWeights: Float32Array },
  groups: readonly NormGroup[],
  kernels: Kernels,
): Norms {
  requireEqualLengths({ clientWeights, startWeights });
  const reference = { referenceNow: clientWeights, referenceAtBase: startWeights };
  const input = { clientWeights, startWeights, ...reference };
  let whole = 0;
  const norms: Record<string, number> = {};
  for (const { name, range } of groups) {
    const sums = newProjectionSums();
    kernels.addProjection(input, range, sums);
    const squared = squaredNormOf(sums);
    norms[name] = Math.sqrt(squared);
    whole += squared;
  }
  return { [WHOLE_MODEL]: Math.sqrt(whole), ...norms };
}

/**
 * How large the weights of each layer are, and those of the whole model.
 *
 * Equation: ‖S_l‖ = √Σ S_i². Numerics: in float64, element after element. Ownership: mutates nothing.
 */
export function weightNorms(weights: Float32Array, groups: readonly NormGroup[]): Norms {
  let whole = 0;
  const norms: Record<string, number> = {};
  for (const { name, range } of groups) {
    let squared = 0;
    for (let i = range.start; i < range.end; i++) squared += weights[i]! * weights[i]!;
    norms[name] = Math.sqrt(squared);
    whole += squared;
  }
  return { [WHOLE_MODEL]: Math.sqrt(whole), ...norms };
}
