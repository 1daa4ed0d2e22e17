import type { LayerSpec, Padding } from './layer-spec.ts';
import { inputShape, modelLayers } from './layers.ts';
import type { Task } from './task-fields.ts';

/** Name of the layer that takes the examples in. No other layer has it. */
export const INPUT_NAME = 'input';

/** A layer in its place: what feeds it, and the shapes of one example there. */
export interface PlacedLayer {
  readonly layer: LayerSpec;
  /** Names of the layers that feed it, {@link INPUT_NAME} among them. */
  readonly from: readonly string[];
  /** Shape of what enters; all that enter have the same. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * The layers of a task's model with their connections and shapes, each after those that feed it; the last one gives
 * the model's output.
 */
export function layerGraph(task: Task): PlacedLayer[] {
  const shapes = new Map<string, readonly number[]>([[INPUT_NAME, inputShape(task.input)]]);
  let before = INPUT_NAME;
  return modelLayers(task).map((layer) => {
    const from = layer.from ?? [before];
    const inputs = shapes.get(from[0]!)!;
    const outputs = outputShape(layer, inputs);
    shapes.set(layer.name, outputs);
    before = layer.name;
    return { layer, from, inputs, outputs };
  });
}

/** Whether each layer feeds only the next one. */
export function isChain(graph: readonly PlacedLayer[]): boolean {
  return graph.every(
    ({ from }, index) =>
      from.length === 1 && from[0] === (index === 0 ? INPUT_NAME : graph[index - 1]!.layer.name),
  );
}

function outputShape(layer: LayerSpec, inputs: readonly number[]): number[] {
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv1d':
    case 'conv2d':
      return [...inputs.slice(0, -1).map((side) => convolved(side, layer)), layer.filters];
    case 'depthwiseConv2d':
      return [...inputs.slice(0, -1).map((side) => convolved(side, layer)), inputs.at(-1)!];
    case 'flatten':
      return [product(inputs)];
    case 'globalAveragePooling1d':
    case 'globalAveragePooling2d':
      return [inputs.at(-1)!];
    case 'maxPooling2d':
      return [Math.floor(inputs[0]! / layer.poolSize), Math.floor(inputs[1]! / layer.poolSize), inputs[2]!];
    case 'add':
    case 'activation':
    case 'batchNormalization':
      return [...inputs];
  }
}

/** Length of one side after a convolution. */
function convolved(
  side: number,
  {
    kernelSize,
    padding,
    strides = 1,
  }: { readonly kernelSize: number; readonly padding: Padding; readonly strides?: number },
): number {
  return Math.ceil((padding === 'same' ? side : side - kernelSize + 1) / strides);
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1);
}
