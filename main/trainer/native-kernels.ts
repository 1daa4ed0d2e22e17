import {
  Add,
  BatchMatMul,
  getKernel,
  type KernelFunc,
  registerKernel,
  reshape,
  Sum,
  type Tensor,
  type TensorInfo,
  tidy,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';
import { type NativeAttribute, nativeBackend } from './native-graph/native-backend.ts';

let isRegistered = false;

/**
 * Has native TensorFlow use the operations that it has made fast, where TensorFlow.js calls general ones:
 *
 * - a product of two matrices, not of batches of matrices;
 * - a bias added to channels, not a broadcast; it is also what a convolution can be merged with in a program;
 * - the sum over all but the channels, which is a bias's gradient, not a reduction over any axes.
 */
export function registerNativeKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  prefer(BatchMatMul, ({ a, b }, { transposeA, transposeB }) =>
    isMatrix(a!) && isMatrix(b!)
      ? matrixProduct(a!, b!, { isFirstTurned: transposeA === true, isSecondTurned: transposeB === true })
      : null,
  );
  prefer(Add, ({ a, b }) => {
    if (isBiasOf(b!, a!)) return biased(a!, b!);
    return isBiasOf(a!, b!) ? biased(b!, a!) : null;
  });
  prefer(Sum, ({ x }, { axis, keepDims }) =>
    keepDims !== true && isAllButLast(util.parseAxisParam(axis as number | number[], x!.shape), x!)
      ? native('BiasAddGrad', [x!])
      : null,
  );
}

type Preferred = (
  inputs: Readonly<Record<string, TensorInfo>>,
  attributes: Readonly<Record<string, unknown>>,
) => TensorInfo | null;

/** Puts `preferred` before a kernel; where it gives null, that one goes on. */
function prefer(kernelName: string, preferred: Preferred): void {
  const backendName = 'tensorflow';
  const usual: KernelFunc = getKernel(kernelName, backendName).kernelFunc;
  unregisterKernel(kernelName, backendName);
  registerKernel({
    kernelName,
    backendName,
    kernelFunc: (given) =>
      preferred(given.inputs as Record<string, TensorInfo>, given.attrs ?? {}) ?? usual(given),
  });
}

/** A matrix, or a batch of one. */
function isMatrix({ shape, dtype }: TensorInfo): boolean {
  return dtype === 'float32' && (shape.length === 2 || (shape.length === 3 && shape[0] === 1));
}

/** One value for each channel of a batch. */
function isBiasOf(bias: TensorInfo, { shape, dtype }: TensorInfo): boolean {
  return (
    bias.dtype === 'float32' &&
    dtype === 'float32' &&
    bias.shape.length === 1 &&
    shape.length >= 2 &&
    bias.shape[0] === shape.at(-1)
  );
}

function isAllButLast(axes: readonly number[], { shape, dtype }: TensorInfo): boolean {
  return (
    dtype === 'float32' &&
    shape.length >= 2 &&
    axes.length === shape.length - 1 &&
    axes.every((axis) => axis !== shape.length - 1)
  );
}

function biased(x: TensorInfo, bias: TensorInfo): TensorInfo {
  return native('BiasAdd', [x, bias]);
}

interface Turned {
  readonly isFirstTurned: boolean;
  readonly isSecondTurned: boolean;
}

/** A B, of either its transpose where it is to be turned. A batch of one stays such a batch. */
function matrixProduct(a: TensorInfo, b: TensorInfo, { isFirstTurned, isSecondTurned }: Turned): Tensor {
  const { TF_ATTR_BOOL } = nativeBackend().binding;
  return tidy(() => {
    const product = native(
      'MatMul',
      [asMatrix(a), asMatrix(b)],
      [
        { name: 'transpose_a', type: TF_ATTR_BOOL, value: isFirstTurned },
        { name: 'transpose_b', type: TF_ATTR_BOOL, value: isSecondTurned },
      ],
    );
    return a.shape.length === 2 && b.shape.length === 2 ? product : reshape(product, [1, ...product.shape]);
  });
}

function asMatrix(tensor: TensorInfo): Tensor {
  const { shape } = tensor;
  return shape.length === 2 ? (tensor as Tensor) : reshape(tensor as Tensor, shape.slice(1));
}

function native(
  operation: string,
  inputs: readonly TensorInfo[],
  attributes: readonly NativeAttribute[] = [],
): Tensor {
  const backend = nativeBackend();
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const type = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
  return backend.executeSingleOutput(operation, [type, ...attributes], inputs as Tensor[]);
}
