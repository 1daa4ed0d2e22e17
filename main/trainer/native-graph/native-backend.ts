import { backend, type Tensor } from '@tensorflow/tfjs-core';

/** One attribute of an operation, its type one of the binding's `TF_ATTR_…`. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that TensorFlow holds, by its number; no number is given twice. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

export type NativeValues = Float32Array | Int32Array | Uint8Array;

/** What is used of tfjs-node's addon: everything that its backend does goes through it. */
export interface NativeBinding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_FLOAT: number;
  executeOp(
    operation: string,
    attributes: readonly NativeAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): NativeTensor[];
  createTensor(shape: readonly number[], dtype: number, values: NativeValues): number;
  tensorDataSync(id: number): NativeValues;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputIds: readonly number[], inputs: string, outputs: string): NativeTensor[];
}

/** What is used of tfjs-node's backend beside its public kernels. */
export interface NativeBackend {
  binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly Tensor[],
  ): Tensor;
  /** The numbers of tensors; hands over to TensorFlow what still lies in JavaScript. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(made: NativeTensor): Tensor;
}

/** The backend in use, which has to be tfjs-node's: its own types may be missing on a PC. */
export function nativeBackend(): NativeBackend {
  return backend() as unknown as NativeBackend;
}
