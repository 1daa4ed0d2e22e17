import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  getKernel,
  type NamedAttrMap,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

type ConvolutionShape = backend_util.Conv2DInfo;
type Four = [number, number, number, number];

/** Gives the WebAssembly backend the two kernels it lacks to train depthwise convolutions. */
export function registerDepthwiseGradients(): void {
  if (!getKernel(DepthwiseConv2dNativeBackpropInput, 'wasm')) {
    registerKernel({
      kernelName: DepthwiseConv2dNativeBackpropInput,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs, backend }) =>
        runInputGradient(
          inputs as { dy: TensorInfo; filter: TensorInfo },
          attrs as NamedAttrMap & DepthwiseConv2dNativeBackpropInputAttrs,
          backend as BackendWasm,
        ),
    });
  }
  if (!getKernel(DepthwiseConv2dNativeBackpropFilter, 'wasm')) {
    registerKernel({
      kernelName: DepthwiseConv2dNativeBackpropFilter,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs, backend }) =>
        runFilterGradient(
          inputs as { x: TensorInfo; dy: TensorInfo },
          attrs as NamedAttrMap & DepthwiseConv2dNativeBackpropFilterAttrs,
          backend as BackendWasm,
        ),
    });
  }
}

/**
 * Equation: ∂L/∂x[n, i·s + u·d − p, j·s + v·d − p, c] sums W[u, v, c, m] · ∂L/∂y[n, i, j, c·M + m] over all i, j, u, v,
 * m; stride s, dilation d, padding p, M filters per channel.
 * Numerics: accumulated in float64.
 */
function runInputGradient(
  { dy, filter }: { dy: TensorInfo; filter: TensorInfo },
  { inputShape, ...attributes }: DepthwiseConv2dNativeBackpropInputAttrs,
  wasm: BackendWasm,
): TensorInfo {
  const shape = convolutionShape(inputShape, filter.shape as Four, attributes);
  const gradients = wasm.typedArrayFromHeap(dy) as Float32Array;
  const kernel = wasm.typedArrayFromHeap(filter) as Float32Array;
  const { inChannels, outChannels } = shape;
  const multiplier = outChannels / inChannels;
  const sums = new Float64Array(inputShape.reduce((total, length) => total * length, 1));
  forEachTap(shape, ({ pixel, output, tap }) => {
    for (let out = 0; out < outChannels; out++) {
      const channel = multiplier === 1 ? out : Math.floor(out / multiplier);
      sums[pixel + channel]! += kernel[tap + out]! * gradients[output + out]!;
    }
  });
  return filled(wasm, inputShape, sums);
}

/**
 * Equation: ∂L/∂W[u, v, c, m] = Σ over n, i, j of x[n, i·s + u·d − p, j·s + v·d − p, c] · ∂L/∂y[n, i, j, c·M + m], letters
 * as above, positions outside the image counting as 0.
 * Numerics: accumulated in float64.
 */
function runFilterGradient(
  { x, dy }: { x: TensorInfo; dy: TensorInfo },
  { filterShape, ...attributes }: DepthwiseConv2dNativeBackpropFilterAttrs,
  wasm: BackendWasm,
): TensorInfo {
  const shape = convolutionShape(x.shape as Four, filterShape, attributes);
  const values = wasm.typedArrayFromHeap(x) as Float32Array;
  const gradients = wasm.typedArrayFromHeap(dy) as Float32Array;
  const { inChannels, outChannels } = shape;
  const multiplier = outChannels / inChannels;
  const sums = new Float64Array(filterShape.reduce((total, length) => total * length, 1));
  forEachTap(shape, ({ pixel, output, tap }) => {
    for (let out = 0; out < outChannels; out++) {
      const channel = multiplier === 1 ? out : Math.floor(out / multiplier);
      sums[tap + out]! += values[pixel + channel]! * gradients[output + out]!;
    }
  });
  return filled(wasm, filterShape, sums);
}

function convolutionShape(
  input: Four,
  filter: Four,
  { strides, dilations, pad, dimRoundingMode }: Omit<DepthwiseConv2dNativeBackpropInputAttrs, 'inputShape'>,
): ConvolutionShape {
  return backend_util.computeConv2DInfo(input, filter, strides, dilations, pad, dimRoundingMode, true);
}

/** First element of an input pixel, of an output pixel and of a position of the filter that meet. */
interface Tap {
  pixel: number;
  output: number;
  tap: number;
}

/** Visits every output pixel with every position of the filter that lies within the image. */
function forEachTap(shape: ConvolutionShape, visit: (at: Tap) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = shape;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = shape;
  const { top, left } = shape.padInfo;
  // One object for all visits: there are millions.
  const at: Tap = { pixel: 0, output: 0, tap: 0 };
  for (let outRow = 0; outRow < batchSize * outHeight; outRow++) {
    const image = Math.floor(outRow / outHeight);
    for (let u = 0; u < filterHeight; u++) {
      const row = (outRow % outHeight) * strideHeight + u * dilationHeight - top;
      if (row < 0 || row >= inHeight) continue;
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        at.output = (outRow * outWidth + outColumn) * outChannels;
        for (let v = 0; v < filterWidth; v++) {
          const column = outColumn * strideWidth + v * dilationWidth - left;
          if (column < 0 || column >= inWidth) continue;
          at.pixel = ((image * inHeight + row) * inWidth + column) * inChannels;
          at.tap = (u * filterWidth + v) * outChannels;
          visit(at);
        }
      }
    }
  }
}

/** A new tensor. Made last: that may move the heap and leave views into it empty. */
function filled(wasm: BackendWasm, shape: number[], values: Float64Array): TensorInfo {
  const output = wasm.makeOutput(shape, 'float32');
  wasm.typedArrayFromHeap(output).set(values);
  return output;
}
