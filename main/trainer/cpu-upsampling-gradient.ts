import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  ResizeNearestNeighborGrad,
  registerKernel,
  type Tensor4D,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

/**
 * Replaces the plain JavaScript backend's gradient of enlarging by repeated pixels: that of tfjs 4.22 differs from every
 * other backend's as soon as a batch has more than one picture.
 */
export function replaceUpsamplingGradient(): void {
  unregisterKernel(ResizeNearestNeighborGrad, 'cpu');
  registerKernel({
    kernelName: ResizeNearestNeighborGrad,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      if (attrs?.alignCorners) throw new Error('gradient of enlarging: alignCorners is not supported');
      return gradient(inputs as { images: Tensor4D; dy: Tensor4D }, backend as MathBackendCPU);
    },
  });
}

/**
 * Equation: ∂L/∂x[n, i, j, c] = Σ of ∂L/∂y[n, r, s, c] over the enlarged pixels (r, s) that repeat (i, j):
 * i = ⌊r h / H⌋, j = ⌊s w / W⌋. Numerics: accumulated in float64.
 */
function gradient({ images, dy }: { images: TensorInfo; dy: TensorInfo }, plain: MathBackendCPU): TensorInfo {
  const [count, height, width, channels] = images.shape as Tensor4D['shape'];
  const [, tall, wide] = dy.shape as Tensor4D['shape'];
  const gradients = plain.data.get(dy.dataId).values as Float32Array;
  const sums = new Float64Array(count * height * width * channels);
  for (let row = 0; row < count * tall; row++) {
    const picture = Math.floor(row / tall);
    const sourceRow = picture * height + Math.floor(((row % tall) * height) / tall);
    for (let column = 0; column < wide; column++) {
      const source = (sourceRow * width + Math.floor((column * width) / wide)) * channels;
      const target = (row * wide + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        sums[source + channel]! += gradients[target + channel]!;
      }
    }
  }
  return plain.makeTensorInfo(images.shape, 'float32', Float32Array.from(sums));
}
