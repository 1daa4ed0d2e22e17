import {
  type GradConfig,
  getBackend,
  getGradient,
  Relu,
  registerGradient,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { nativeBackend } from './native-graph/native-backend.ts';

let isRegistered = false;

/**
 * Has native TensorFlow compute the gradient of ReLU by its own operation: dL/dx = dL/dy where y > 0, else 0,
 * which is where x > 0; of y alone, a program can merge ReLU with what comes before it.
 * TensorFlow.js composes it of seven, each a pass over the activations, which took a third of a small CNN's training.
 * Other backends keep theirs.
 */
export function registerNativeReluGradient(): void {
  if (isRegistered) return;
  isRegistered = true;
  const usual = getGradient(Relu);
  const gradient: GradConfig = {
    kernelName: usual.kernelName,
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) =>
      getBackend() === 'tensorflow'
        ? { x: () => reluGradient(dy as Tensor, saved[0]!) }
        : usual.gradFunc(dy, saved, attributes),
  };
  registerGradient(gradient);
}

function reluGradient(dy: Tensor, y: Tensor): Tensor {
  const native = nativeBackend();
  const { TF_ATTR_TYPE, TF_FLOAT } = native.binding;
  return native.executeSingleOutput(
    'ReluGrad',
    [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }],
    [dy, y],
  );
}
