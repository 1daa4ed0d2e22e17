import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { Task } from '@genba/shared/model/task';

/**
 * What agent and trainer say to each other over the child process channel (serialization "advanced", so typed
 * arrays travel as they are). Both ends are ours and of one version: types are trusted, not schema-checked.
 */

/** Examples as flat arrays. Length of `inputs` = examples × inputs per example; pixels are 0 to 255 bytes. */
export interface ExampleSet {
  readonly inputs: Uint8Array | Float32Array;
  /** Class index of each example. */
  readonly labels: Uint16Array;
}

/** A pull of the training towards the weights that the aggregator sent; see `ProximalPull`. */
export interface ProximalTerm {
  /** μ > 0. */
  readonly coefficient: number;
  /** S, the whole model. */
  readonly startWeights: Float32Array;
}

/** How one round trains. */
export interface RoundRequest {
  /** Orders the examples, any 32-bit unsigned integer. */
  readonly seed: number;
  /** The task's settings of the moment; left out: those it was loaded with. */
  readonly training?: Task['training'];
  /** Left out: none, and training costs nothing for it. */
  readonly proximal?: ProximalTerm;
}

/** Which set a model is judged on. */
export type EvaluationSet = 'validation' | 'check';

export type TrainerRequest =
  /** Once, first: the model and all data. `check` is an optional held-out set beside the plant's own. */
  | {
      readonly type: 'load';
      readonly id: number;
      readonly task: Task;
      readonly training: ExampleSet;
      readonly validation: ExampleSet;
      readonly check: ExampleSet | null;
      /** Use this backend and no other; null = fastest that works. */
      readonly backend: BackendName | null;
    }
  /** One local round from `weights`. */
  | {
      readonly type: 'train';
      readonly id: number;
      readonly weights: Float32Array;
      readonly round: RoundRequest;
    }
  | {
      readonly type: 'evaluate';
      readonly id: number;
      readonly weights: Float32Array;
      readonly set: EvaluationSet;
    }
  /** Stops the running `train` after its batch; that request then fails with `trainer/cancelled`. */
  | { readonly type: 'cancel' };

export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

export interface BackendChoice {
  readonly name: BackendName;
  /** It was asked for; otherwise it is the fastest that works. */
  readonly isRequested: boolean;
  /** Why no faster one works, one English sentence per reason; null for the fastest, and where it was asked for. */
  readonly note: string | null;
}

export interface TrainResult {
  readonly weights: Float32Array;
  /** Mean loss over the last epoch. */
  readonly loss: number;
  /** Examples trained on, per epoch. */
  readonly examples: number;
  readonly durationMs: number;
}

export interface EvaluationResult {
  /** Share judged right, 0 to 1; null for an empty set. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly examples: number;
}

export type TrainerReply =
  | { readonly type: 'loaded'; readonly id: number; readonly backend: BackendChoice }
  /** After every batch of a round, at most every 100 ms and always after the last. */
  | {
      readonly type: 'progress';
      readonly id: number;
      /** From 1. */
      readonly epoch: number;
      readonly epochs: number;
      /** Batches done in the whole round, of `batches`. */
      readonly batch: number;
      readonly batches: number;
      readonly loss: number;
    }
  | { readonly type: 'trained'; readonly id: number; readonly result: TrainResult }
  | { readonly type: 'evaluated'; readonly id: number; readonly result: EvaluationResult }
  | { readonly type: 'failed'; readonly id: number; readonly code: ErrorCode; readonly detail: string };
