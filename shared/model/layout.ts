import { layerGraph } from './layer-graph.ts';
import { type InitialValues, layerTensors, type TensorRole } from './layer-tensors.ts';
import type { Task } from './task.ts';

export type { TensorRole } from './layer-tensors.ts';

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
  /** What it holds before any training. Left out: 0. */
  readonly initial?: InitialValues;
}

/** All tensors of a model, layer by layer, in a layer in the order of tfjs `layer.getWeights()`, without gaps. */
export interface WeightLayout {
  readonly tensors: readonly TensorSpec[];
  /** Elements of the whole vector. */
  readonly size: number;
}

/** The weight layout of a task's model. Both sides derive it from the task, so no shapes travel. */
export function weightLayout(task: Task): WeightLayout {
  const tensors: TensorSpec[] = [];
  let offset = 0;
  for (const { layer, inputs } of layerGraph(task)) {
    for (const { weight, role, shape, initial } of layerTensors(layer, inputs[0]!)) {
      const size = shape.reduce((total, length) => total * length, 1);
      const name = `${layer.name}/${weight}`;
      tensors.push({ name, layer: layer.name, role, shape, offset, size, initial });
      offset += size;
    }
  }
  return { tensors, size: offset };
}
