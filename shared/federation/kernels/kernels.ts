import type { WeightRange } from '../groups.ts';

/** The vectors a calibration reads, all of one length. */
export interface CalibrationInput {
  /** W_m: what the client has now. */
  readonly clientWeights: Float32Array;
  /** S_m: what the client started from. */
  readonly startWeights: Float32Array;
  /** The reference (relay or average) now, before the client's own update is merged. */
  readonly referenceNow: Float32Array;
  /** The same reference at the client's base. */
  readonly referenceAtBase: Float32Array;
}

/** The vectors a moving average reads, both of one length. */
export interface AverageInput {
  /** G_v, before this update. */
  readonly globalWeights: Float32Array;
  readonly clientWeights: Float32Array;
}

/** A delta in 16 bits, with what it is added to; both of one length. */
export interface HalvesInput {
  readonly startWeights: Float32Array;
  /** Bits of float16. */
  readonly halves: Uint16Array;
}

/** A delta in 8 bits, with what it is added to; both of one length. */
export interface StepsInput {
  readonly startWeights: Float32Array;
  readonly steps: Int8Array;
}

/** Where a merge writes its two results: vectors of the length of its inputs. */
export interface MergeTargets {
  /** G_{v+1}. */
  readonly globalWeights: Float32Array;
  /** W_m + Δ⊥. */
  readonly calibratedWeights: Float32Array;
}

/** What sweep two is told about the range it runs over. */
export interface MergeFactors {
  /** c_l of the range's group. */
  readonly coefficient: number;
  /** β. */
  readonly mixingWeight: number;
}

/** Partial sums per quantity; see {@link Kernels.addProjection}. */
export const LANES = 4;

/** Sums of one group: LANES of ⟨Δ, δ⟩, then LANES of ‖δ‖². */
export function newProjectionSums(): Float64Array {
  return new Float64Array(2 * LANES);
}

/** c = ⟨Δ, δ⟩ / ‖δ‖², with the lanes of each summed as (0 + 1) + (2 + 3); 0 where the client changed nothing. */
export function coefficientOf(sums: Float64Array): number {
  const squaredNorm = squaredNormOf(sums);
  return squaredNorm === 0 ? 0 : sumOfLanes(sums.subarray(0, LANES)) / squaredNorm;
}

/** ‖δ‖², its lanes summed in the same way. */
export function squaredNormOf(sums: Float64Array): number {
  return sumOfLanes(sums.subarray(LANES));
}

function sumOfLanes(lanes: Float64Array): number {
  // A typed array is no tuple to the compiler; the callers cut out LANES elements.
  const [lane0, lane1, lane2, lane3] = lanes as unknown as readonly [number, number, number, number];
  return lane0 + lane1 + (lane2 + lane3);
}

/**
 * Vectors of one length in one piece of memory, which kernels sweep where they lie. For whoever owns a task's state:
 * it takes a vector for every file it reads, and after each step keeps those that are still in use.
 */
export interface VectorPool {
  /** A vector with any content, to be filled; an ordinary one when the pool is in use to the last vector. */
  take(): Float32Array;
  /** Gives all others back: whoever still holds one of them will see it change. */
  keepOnly(vectors: readonly Float32Array[]): void;
  /** The pool's own vector that lies in this memory, which another thread may have sent; null where it is none of them. */
  find(memory: ArrayBufferView): Float32Array | null;
}

/** Length of the name of a shared pool. */
export const POOL_NAME_BYTES = 16;

export interface PoolOptions {
  /**
   * Given for vectors that all threads can see: by what threads know their memory, {@link POOL_NAME_BYTES} that no other
   * has. Each vector begins at a page of the system's memory then, so that a disk can read it there. They are ordinary ones
   * where such memory cannot be had.
   */
  readonly sharedAs?: Uint8Array;
}

/**
 * The arithmetic of calibrating and merging, range by range. δ = W − S, Δ = reference now − reference at base.
 *
 * Numerics: every element is widened to float64, computed in the order its formula is written, and rounded once to
 *   float32. No operation is fused or reordered, so all implementations give the same bits on every machine for
 *   finite inputs. With finite inputs nothing overflows but the rounding of a reply; among several NaNs an
 *   implementation may choose.
 * Ownership: a target may be one of the inputs, element on element; it must not overlap one in any other way.
 * Throws: RangeError when a range does not lie inside every vector.
 */
export interface Kernels {
  readonly name: 'plain' | 'simd';

  createPool(count: number, length: number, options?: PoolOptions): VectorPool;

  /** A vector of the same length, with any content, for a result: from the same pool while that has one. */
  vectorBeside(vector: Float32Array): Float32Array;

  /**
   * Sweep one: adds ⟨Δ, δ⟩ and ‖δ‖² of a range to a group's sums. The order of summation is part of the contract:
   * element `start + k` is added to lane k mod LANES, in ascending order.
   */
  addProjection(input: CalibrationInput, range: WeightRange, sums: Float64Array): void;

  /**
   * Sweep two: G' = (1 − β) G + β W and reply = W + (Δ − c δ), both in one pass.
   * @returns whether the reply overflowed: holds an infinity or NaN. Where it does not, W is finite, and G' lies
   *   between G and W
   */
  merge(
    input: CalibrationInput & AverageInput,
    range: WeightRange,
    factors: MergeFactors,
    targets: MergeTargets,
  ): boolean;

  /** Sweep two without the merge: reply = W + (Δ − c δ). @returns whether it overflowed */
  calibrate(input: CalibrationInput, range: WeightRange, coefficient: number, target: Float32Array): boolean;

  /** Whether every value is a number: no NaN, no infinity; see `isAllFinite`. */
  isAllFinite(weights: Float32Array): boolean;

  /** Whether every value is fit to be merged; see `isMergeable`. */
  isMergeable(weights: Float32Array): boolean;

  /** Sweep two without the reply: G' = (1 − β) G + β W. @returns whether it overflowed */
  average(input: AverageInput, range: WeightRange, mixingWeight: number, target: Float32Array): boolean;

  /**
   * Ŵ = S + the float16.
   * @returns whether every result is fit to be merged (`isMergeable`) and no float16 is an infinity or no number
   */
  decodeFloat16(input: HalvesInput, range: WeightRange, target: Float32Array): boolean;

  /** Ŵ = S + s · step. @returns whether every result is fit to be merged (`isMergeable`) */
  decodeInt8(input: StepsInput, range: WeightRange, scale: number, target: Float32Array): boolean;
}
