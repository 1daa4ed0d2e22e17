import { INPUT_NAME } from './input-name.ts';
import type { LayerSpec, Padding } from './layer-spec.ts';
import { inputShape, modelLayers } from './layers.ts';
import type { Task } from './task-fields.ts';

/** A layer in its place: what feeds it, and the shapes of one example there. */
export interface PlacedLayer {
  readonly layer: LayerSpec;
  /** Names of the layers that feed it, {@link INPUT_NAME} among them. */
  readonly from: readonly string[];
  /** Shape of what comes from each of `from`. */
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/**
 * The layers of a task's model with their connections and shapes, each after those that feed it; the last one gives
 * the model's output.
 */
export function layerGraph(task: Task): PlacedLayer[] {
  return placeLayers(modelLayers(task), inputShape(task.input));
}

/** Connects layers, given the shape of one example. Layers must come after those that feed them. */
export function placeLayers(layers: readonly LayerSpec[], input: readonly number[]): PlacedLayer[] {
  const shapes = new Map<string, readonly number[]>([[INPUT_NAME, input]]);
  let before = INPUT_NAME;
  return layers.map((layer) => {
    const from = layer.from ?? [before];
    const inputs = from.map((name) => shapes.get(name)!);
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

function outputShape(layer: LayerSpec, entering: readonly (readonly number[])[]): number[] {
  const inputs = entering[0]!;
  const sides = inputs.slice(0, -1);
  const channels = inputs.at(-1)!;
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv1d':
    case 'conv2d':
      return [...sides.map((side) => convolved(side, layer)), layer.filters];
    case 'depthwiseConv2d':
      return [...sides.map((side) => convolved(side, layer)), channels];
    case 'lstm':
      return layer.givesRows ? [...sides, layer.units] : [layer.units];
    case 'flatten':
      return [product(inputs)];
    case 'globalAveragePooling1d':
    case 'globalAveragePooling2d':
      return [channels];
    case 'maxPooling1d':
    case 'maxPooling2d':
      return [...sides.map((side) => Math.floor(side / layer.poolSize)), channels];
    case 'upSampling2d':
      return [...sides.map((side) => side * layer.size), channels];
    case 'concatenate':
      return [...sides, entering.reduce((total, shape) => total + shape.at(-1)!, 0)];
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
