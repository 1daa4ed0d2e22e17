/** What is drawn or set before a kernel is trained; equations in `layer-tensors.ts`. */
export type KernelStart = 'glorotUniform' | 'heUniform' | 'lecunUniform' | 'zeros';

export type Activation = 'relu' | 'linear';
export type Padding = 'same' | 'valid';

interface Named {
  /** Unique in the model. */
  readonly name: string;
  /** Layers that feed this one. Left out: the one before it in the list, or the input. */
  readonly from?: readonly string[];
}

interface Convolution extends Named {
  readonly kernelSize: number;
  /** `valid`: only where the kernel lies within the input, which shrinks by `kernelSize` − 1. */
  readonly padding: Padding;
  /** Steps from one output to the next; left out: 1. */
  readonly strides?: number;
  readonly activation: Activation;
  /** Left out: Glorot and Bengio. */
  readonly start?: KernelStart;
}

/** One layer of a model, named as TensorFlow.js names it; the trainer builds exactly these layers. */
export type LayerSpec =
  | (Named & { readonly kind: 'flatten' | 'globalAveragePooling1d' | 'globalAveragePooling2d' })
  | (Named & { readonly kind: 'add' })
  | (Named & { readonly kind: 'activation'; readonly activation: 'relu' })
  | (Named & { readonly kind: 'dense'; readonly units: number; readonly activation: Activation })
  | (Convolution & { readonly kind: 'conv1d' | 'conv2d'; readonly filters: number })
  /** One filter for each channel, over nothing but that channel. */
  | (Convolution & { readonly kind: 'depthwiseConv2d' })
  | (Named & { readonly kind: 'maxPooling2d'; readonly poolSize: 2 })
  | (Named & { readonly kind: 'batchNormalization' });
