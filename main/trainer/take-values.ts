import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The values of a tensor, which is freed. A graphics processor hands them over only in its own time: outside of a
 * browser nothing can wait for it in one go.
 */
export async function takeValues(tensor: Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}
