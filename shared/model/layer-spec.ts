/** What is drawn or set before a kernel is trained; equations in `layer-tensors.ts`. */
export type KernelStart = 'glorotUniform' | 'heUniform' | 'lecunUniform' | 'zeros';

/** Those that TensorFlow.js and Keras both have under one name, and that every backend can train. */
export const ACTIVATIONS = ['relu', 'relu6', 'elu', 'sigmoid', 'tanh', 'softplus', 'linear'] as const;
export type Activation = (typeof ACTIVATIONS)[number];
export type Padding = 'same' | 'valid';

interface Named {
  /** Unique in the model. */
  readonly name: string;
  /** Layers that feed this one. Left out: the one before it in the list, or the input. */
  readonly from?: readonly string[];
}

interface Weighted extends Named {
  /** Left out: Glorot and Bengio. */
  readonly start?: KernelStart;
  /** Left out: true. */
  readonly hasBias?: boolean;
}

interface Kernel extends Weighted {
  readonly activation: Activation;
}

interface Convolution extends Kernel {
  /** The same on all sides. */
  readonly kernelSize: number;
  /** `valid`: only where the kernel lies within the input, which shrinks by `kernelSize` − 1. */
  readonly padding: Padding;
  /** Steps from one output to the next, on all sides; left out: 1. */
  readonly strides?: number;
}

/** One layer of a model, named as TensorFlow.js names it; the trainer builds exactly these layers. */
export type LayerSpec =
  | (Named & { readonly kind: 'flatten' | 'globalAveragePooling1d' | 'globalAveragePooling2d' })
  /** Of several layers with one shape. */
  | (Named & { readonly kind: 'add' })
  /** Of several layers that differ in their channels at most. */
  | (Named & { readonly kind: 'concatenate' })
  | (Named & { readonly kind: 'activation'; readonly activation: Activation })
  | (Kernel & { readonly kind: 'dense'; readonly units: number })
  | (Convolution & { readonly kind: 'conv1d' | 'conv2d'; readonly filters: number })
  /** One filter for each channel, over nothing but that channel. */
  | (Convolution & { readonly kind: 'depthwiseConv2d' })
  /** Windows side by side; what is left over at the end is dropped. */
  | (Named & { readonly kind: 'maxPooling1d' | 'maxPooling2d'; readonly poolSize: number })
  /** Each pixel as many times as `size` says, both ways. */
  | (Named & { readonly kind: 'upSampling2d'; readonly size: number })
  | (Named & { readonly kind: 'batchNormalization' })
  /** Row after row of a series, with a memory (Hochreiter and Schmidhuber 1997; gates that forget: Gers et al. 2000). */
  | (Weighted & {
      readonly kind: 'lstm';
      readonly units: number;
      /** Whether it gives what it knows after each row, and not only after the last. */
      readonly givesRows: boolean;
    });
