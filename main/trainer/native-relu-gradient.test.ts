import { grad, ready, relu, setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { describeIfAvailable } from '../../tools/requirements.ts';
import { registerNativeReluGradient } from './native-relu-gradient.ts';
import { loadNativeTensorflow } from './native-tensorflow.ts';

describeIfAvailable('native-tensorflow', 'the gradient of ReLU on native TensorFlow', () => {
  it('is that of TensorFlow.js, at zero and beside it, too', async () => {
    await loadNativeTensorflow();
    await setBackend('tensorflow');
    await ready();
    const x = tensor([-2, -1e-30, -0, 0, 1e-30, 0.5, 3, -7], [2, 4]);
    const dy = tensor([1, 2, 3, 4, 5, -6, 7, 8], [2, 4]);
    const gradient = grad((input: Tensor) => relu(input));
    const usual = gradient(x, dy).arraySync();
    registerNativeReluGradient();
    const native = gradient(x, dy).arraySync();
    expect(native).toEqual([
      [0, 0, 0, 0],
      [5, -6, 7, 0],
    ]);
    expect(usual).toEqual(native);
    await setBackend('cpu');
    expect(gradient(x, dy).arraySync()).toEqual(native);
  });
});
