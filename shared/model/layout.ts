import { inputShape, type LayerSpec, modelLayers } from './layers.ts';
import type { Task } from './task.ts';

/** How calibration and merging treat a tensor. */
export type TensorRole =
  /** Trained by gradients; calibrated. */
  | 'trainable'
  /** Scale and offset of a normalisation layer: merged, but each client keeps its own. */
  | 'normalisation'
  /** Running statistics: merged, but each client keeps its own. */
  | 'statistic';

/** Where one tensor lies in a model's flat float32 vector. */
export interface TensorSpec {
  /** `layer/weight`, unique in the model. */
  readonly name: string;
  readonly layer: string;
  readonly role: TensorRole;
  readonly shape: readonly number[];
  /** First element, counted in elements. */
  readonly offset: number;
  /** Elements. */
  readonly size: number;
}

/** All tensors of a model, layer by layer, in a layer in the order of tfjs `layer.getWeights()`, without gaps. */
export interface WeightLayout {
  readonly tensors: readonly TensorSpec[];
  /** Elements of the whole vector. */
  readonly size: number;
}

type TensorShape = Pick<TensorSpec, 'role' | 'shape'> & { readonly weight: string };

function layerTensors(layer: LayerSpec, inputs: readonly number[]): TensorShape[] {
  const channels = inputs.at(-1)!;
  switch (layer.kind) {
    case 'dense':
      return [
        { weight: 'kernel', role: 'trainable', shape: [channels, layer.units] },
        { weight: 'bias', role: 'trainable', shape: [layer.units] },
      ];
    case 'conv2d':
      return [
        {
          weight: 'kernel',
          role: 'trainable',
          shape: [layer.kernelSize, layer.kernelSize, channels, layer.filters],
        },
        { weight: 'bias', role: 'trainable', shape: [layer.filters] },
      ];
    case 'batchNormalization':
      return [
        { weight: 'gamma', role: 'normalisation', shape: [channels] },
        { weight: 'beta', role: 'normalisation', shape: [channels] },
        { weight: 'moving_mean', role: 'statistic', shape: [channels] },
        { weight: 'moving_variance', role: 'statistic', shape: [channels] },
      ];
    case 'flatten':
    case 'maxPooling2d':
      return [];
  }
}

function outputShape(layer: LayerSpec, inputs: readonly number[]): number[] {
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv2d':
      return [
        ...inputs.slice(0, 2).map((side) => (layer.padding === 'same' ? side : side - layer.kernelSize + 1)),
        layer.filters,
      ];
    case 'flatten':
      return [product(inputs)];
    case 'maxPooling2d':
      return [Math.floor(inputs[0]! / layer.poolSize), Math.floor(inputs[1]! / layer.poolSize), inputs[2]!];
    case 'batchNormalization':
      return [...inputs];
  }
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1);
}

/** The weight layout of a task's model. Both sides derive it from the task, so no shapes travel. */
export function weightLayout(task: Task): WeightLayout {
  const tensors: TensorSpec[] = [];
  let shape: readonly number[] = inputShape(task.input);
  let offset = 0;
  for (const layer of modelLayers(task)) {
    for (const tensor of layerTensors(layer, shape)) {
      const size = product(tensor.shape);
      const name = `${layer.name}/${tensor.weight}`;
      tensors.push({ name, layer: layer.name, role: tensor.role, shape: tensor.shape, offset, size });
      offset += size;
    }
    shape = outputShape(layer, shape);
  }
  return { tensors, size: offset };
}
