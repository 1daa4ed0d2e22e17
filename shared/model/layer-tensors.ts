import type { KernelStart, LayerSpec } from './layer-spec.ts';

/** How calibration and merging treat a tensor. */
export type TensorRole =
  /** Trained by gradients; calibrated. */
  | 'trainable'
  /** Scale and offset of a batch normalisation: merged, but each client keeps its own. */
  | 'normalisation'
  /** Running statistics: merged, but each client keeps its own. */
  | 'statistic';

/**
 * What a tensor holds before any training: one value throughout, one in each of several parts of one length, or values
 * drawn from U(−limit, limit).
 */
export type InitialValues =
  | { readonly value: number }
  | { readonly parts: readonly number[] }
  | { readonly limit: number };

/** One tensor of a layer. */
export interface TensorShape {
  /** As TensorFlow.js calls it in its layer. */
  readonly weight: string;
  readonly role: TensorRole;
  readonly shape: readonly number[];
  readonly initial: InitialValues;
}

/** The gates of an LSTM, in the order in which Keras and TensorFlow.js keep them side by side. */
const GATES = ['input', 'forget', 'cell', 'output'] as const;

/** How many values feed one output of a kernel, and how many outputs one value feeds. */
interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * The tensors of a layer, in the order of tfjs `layer.getWeights()`.
 * @param inputs shape of one example that enters the layer
 */
export function layerTensors(layer: LayerSpec, inputs: readonly number[]): TensorShape[] {
  const channels = inputs.at(-1)!;
  switch (layer.kind) {
    case 'dense':
      return kernelAndBias(layer, 'kernel', [channels, layer.units], {
        fanIn: channels,
        fanOut: layer.units,
      });
    case 'conv1d':
    case 'conv2d': {
      const window = Array<number>(layer.kind === 'conv1d' ? 1 : 2).fill(layer.kernelSize);
      const taps = layer.kernelSize ** window.length;
      return kernelAndBias(layer, 'kernel', [...window, channels, layer.filters], {
        fanIn: taps * channels,
        fanOut: taps * layer.filters,
      });
    }
    case 'depthwiseConv2d': {
      // Only its own channel feeds an output; Keras counts all of them, and starts too small.
      const taps = layer.kernelSize ** 2;
      const shape = [layer.kernelSize, layer.kernelSize, channels, 1];
      return kernelAndBias(layer, 'depthwise_kernel', shape, { fanIn: taps, fanOut: taps });
    }
    case 'batchNormalization':
      return [
        { weight: 'gamma', role: 'normalisation', shape: [channels], initial: { value: 1 } },
        { weight: 'beta', role: 'normalisation', shape: [channels], initial: { value: 0 } },
        { weight: 'moving_mean', role: 'statistic', shape: [channels], initial: { value: 0 } },
        { weight: 'moving_variance', role: 'statistic', shape: [channels], initial: { value: 1 } },
      ];
    case 'lstm': {
      const { units, start = 'glorotUniform', hasBias = true } = layer;
      const gates = GATES.length * units;
      const fans = { fanIn: channels, fanOut: gates };
      const tensors: TensorShape[] = [
        {
          weight: 'kernel',
          role: 'trainable',
          shape: [channels, gates],
          initial: kernelValues(start, fans),
        },
        {
          weight: 'recurrent_kernel',
          role: 'trainable',
          shape: [units, gates],
          // Keras draws an orthogonal matrix; these have the variance of its elements, 1 / gates.
          initial: kernelValues('lecunUniform', { fanIn: gates, fanOut: gates }),
        },
      ];
      const bias: TensorShape = {
        weight: 'bias',
        role: 'trainable',
        shape: [gates],
        // It begins by keeping what it remembers (Jozefowicz et al. 2015).
        initial: { parts: GATES.map((gate) => (gate === 'forget' ? 1 : 0)) },
      };
      return hasBias ? [...tensors, bias] : tensors;
    }
    case 'flatten':
    case 'add':
    case 'concatenate':
    case 'activation':
    case 'upSampling2d':
    case 'maxPooling1d':
    case 'maxPooling2d':
    case 'globalAveragePooling1d':
    case 'globalAveragePooling2d':
      return [];
  }
}

function kernelAndBias(
  { start = 'glorotUniform', hasBias = true }: { readonly start?: KernelStart; readonly hasBias?: boolean },
  weight: 'kernel' | 'depthwise_kernel',
  shape: readonly number[],
  fans: Fans,
): TensorShape[] {
  const kernel: TensorShape = { weight, role: 'trainable', shape, initial: kernelValues(start, fans) };
  // The bias is as long as there are outputs: the last side, but for one filter per channel the one before.
  const outputs = weight === 'depthwise_kernel' ? shape.at(-2)! : shape.at(-1)!;
  const bias: TensorShape = { weight: 'bias', role: 'trainable', shape: [outputs], initial: { value: 0 } };
  return hasBias ? [kernel, bias] : [kernel];
}

/**
 * Equations, U(−l, l): Glorot l = √(6 / (fanIn + fanOut)) (Glorot and Bengio 2010, eq. 16); He l = √(6 / fanIn), for a
 * layer followed by ReLU (He et al. 2015, eq. 10); LeCun l = √(3 / fanIn), for one that is not (LeCun et al. 1998,
 * *Efficient BackProp*, eq. 16).
 */
function kernelValues(start: KernelStart, { fanIn, fanOut }: Fans): InitialValues {
  switch (start) {
    case 'glorotUniform':
      return { limit: Math.sqrt(6 / (fanIn + fanOut)) };
    case 'heUniform':
      return { limit: Math.sqrt(6 / fanIn) };
    case 'lecunUniform':
      return { limit: Math.sqrt(3 / fanIn) };
    case 'zeros':
      return { value: 0 };
  }
}
