import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { Task } from '@genba/shared/model/task';

/**
 * What agent and trainer say to each other over the child process channel (serialization "advanced", so typed
 * arrays travel as they are). Both ends are ours and of one version: types are trusted, not schema-checked.
 */

/** Argument of the trainer's program where it judges parts on the line: it yields to nobody then. */
export const LINE_WAITS = 'line-waits';

/** Examples as flat arrays. Length of `inputs` = examples × inputs per example; pixels are 0 to 255 bytes. */
export interface ExampleSet {
  readonly inputs: Uint8Array | Float32Array;
  /** Class index of each example; zeros where a number is learnt. */
  readonly labels: Uint16Array;
  /** The number to be learnt of each example, scaled by the task's range; left out where a class is learnt. */
  readonly targets?: Float32Array;
  /**
   * What belongs together where something is chosen by some of a validation part and tried on the rest, by a number for
   * each example; left out where each is by itself.
   */
  readonly units?: readonly number[];
}

/** Where an array lies in a file: its length in elements, from a byte on, little-endian. */
export interface FileSection {
  readonly kind: 'uint8' | 'uint16' | 'float32';
  readonly offset: number;
  readonly length: number;
}

/** Where a set of examples lies in a file. */
export interface StoredExampleSet {
  readonly inputs: FileSection;
  readonly labels: FileSection;
  readonly targets?: FileSection | undefined;
  /** Not in the file. */
  readonly units?: readonly number[];
}

/** All examples in one file, so that they need not be kept in memory twice, nor be sent. */
export interface ExamplesFile {
  readonly path: string;
  readonly training: StoredExampleSet;
  readonly validation: StoredExampleSet;
  readonly check: StoredExampleSet | null;
}

/** All examples as they are. `check` is an optional held-out set beside the plant's own. */
export interface Examples {
  readonly training: ExampleSet;
  readonly validation: ExampleSet;
  readonly check: ExampleSet | null;
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
  /** Share of the time to work in, percent: the trainer rests between its batches otherwise. Left out: all of it. */
  readonly sharePercent?: number;
}

/** New examples to be judged, one after the other, as in {@link ExampleSet}. */
export type PredictionInputs = ExampleSet['inputs'];

/** Which set a model is judged on. */
export type EvaluationSet = 'validation' | 'check';

/** What a trainer works on: with the examples themselves, or with the file that they lie in. */
export type LoadRequest = {
  readonly task: Task;
  /** Use this backend and no other; null = fastest that works. */
  readonly backend: BackendName | null;
  /** Which to try where none is named, one after the other; left out: what is usually the fastest first. */
  readonly order?: readonly BackendName[];
} & (Examples | { readonly stored: ExamplesFile });

export type TrainerRequest =
  /** How fast a backend trains a task's model. In a process of its own: whatever it does to the process ends with it. */
  | { readonly type: 'measure'; readonly id: number; readonly task: Task; readonly backend: BackendName }
  /** First, and again when the data have changed: the model and all data. */
  | ({ readonly type: 'load'; readonly id: number } & LoadRequest)
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
      /** As in a round. */
      readonly sharePercent?: number;
    }
  /** The weights that predictions are made with, until others come, or these are trained or judged on. */
  | { readonly type: 'install'; readonly id: number; readonly weights: Float32Array }
  /** What the installed weights say of new examples. */
  | { readonly type: 'predict'; readonly id: number; readonly inputs: PredictionInputs }
  /** What the installed weights say of the validation part. */
  | { readonly type: 'predict-validation'; readonly id: number }
  /** Stops what runs after its batch; that request then fails with `trainer/cancelled`. */
  | { readonly type: 'cancel' };

export type BackendName = 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';

/** How fast a backend trains. */
export interface BackendSpeed {
  /** Left out: the processor. */
  readonly device?: DeviceInfo;
  /** With the task's own model and batch. */
  readonly examplesPerSecond: number;
}

/** What a backend calculates on, where that is no processor. */
export interface DeviceInfo {
  /** As its maker calls it. */
  readonly name: string;
  /** Driver and version, as it calls itself. */
  readonly driver: string;
  /** A driver that calculates on the processor and only looks like a graphics card. */
  readonly isSoftware: boolean;
}

export interface BackendChoice {
  readonly name: BackendName;
  /** It was asked for; otherwise it is the fastest that works. */
  readonly isRequested: boolean;
  /** Why no faster one works, one English sentence per reason; null for the fastest, and where it was asked for. */
  readonly note: string | null;
  /** Left out: the processor. */
  readonly device?: DeviceInfo;
}

export interface TrainResult {
  readonly weights: Float32Array;
  /** Mean loss over the last epoch. */
  readonly loss: number;
  /** Examples trained on, per epoch. */
  readonly examples: number;
  readonly durationMs: number;
}

/** What a model says of examples whose class is known. */
export interface LabelledPredictions {
  /** Class index of each example; zeros where a number is learnt. */
  readonly labels: Uint16Array;
  /** As of new examples. */
  readonly values: Float32Array;
}

/** How well a number is met, in the unit of the target. */
export interface RegressionFigures {
  /** Mean absolute error. */
  readonly meanAbsoluteError: number;
  /** Root of the mean squared error. */
  readonly rootMeanSquaredError: number;
}

/** How a judgement can be put into one number. */
export type ScoreKind = 'accuracy' | 'balanced-accuracy' | 'r-squared' | 'auroc';

/** How the merits of examples make up a score; it says how sure a difference between two models is. */
export type MeritRule =
  /** Their mean. */
  | 'mean'
  /** The mean over the classes of the mean of each. */
  | 'mean-of-classes'
  /** The mean of either class: both give the same. */
  | 'two-samples';

/** What each example of a set adds to a model's score, so that two models can be compared example by example. */
export interface Outcomes {
  readonly rule: MeritRule;
  /**
   * One per example, in the order of the set. By `rule` they make up the score; where there is no score they are losses,
   * negated, so that higher is always better.
   */
  readonly merits: Float64Array;
  /** Class of each example; zeros where a number is learnt. */
  readonly labels: Uint16Array;
  /** What each is judged as; null where {@link EvaluationResult.confusion} is. */
  readonly judged: Uint16Array | null;
}

/** What all judgements of a model have in common; figures are null for an empty set. */
export interface EvaluationResult {
  readonly examples: number;
  /** Mean loss per example. */
  readonly loss: number | null;
  /** The one number to compare models by, the higher the better, at most 1; null where the set does not allow one. */
  readonly score: number | null;
  readonly scoreKind: ScoreKind;
  /** Share judged right, 0 to 1; null where {@link confusion} is. */
  readonly accuracy: number | null;
  /** Mean over the classes in the set of the share of each that is judged right. */
  readonly balancedAccuracy: number | null;
  /**
   * `[class][judged as]`, examples; null where a number is learnt. Anomalies are judged by thresholds that others have
   * chosen; null where there are too few for that.
   */
  readonly confusion: readonly (readonly number[])[] | null;
  readonly regression: RegressionFigures | null;
  /** null for an empty set. */
  readonly outcomes: Outcomes | null;
}

/** What every reply tells besides. */
export interface TrainerUsage {
  /** Processor time of all threads of the trainer since its start, milliseconds. */
  readonly cpuMs: number;
}

export type TrainerReply =
  | { readonly type: 'loaded'; readonly id: number; readonly backend: BackendChoice }
  | { readonly type: 'measured'; readonly id: number; readonly speed: BackendSpeed }
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
  | { readonly type: 'installed'; readonly id: number }
  /** Shares of all classes, or one number, for each example; see `predict`. */
  | { readonly type: 'predicted'; readonly id: number; readonly values: Float32Array }
  | { readonly type: 'validation-predicted'; readonly id: number; readonly predictions: LabelledPredictions }
  | { readonly type: 'failed'; readonly id: number; readonly code: ErrorCode; readonly detail: string };
