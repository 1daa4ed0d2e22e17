import { type PlacedLayer, placeLayers } from '../layer-graph.ts';
import type { LayerSpec } from '../layer-spec.ts';
import { inputShape, inputWidth } from '../layers.ts';
import type { Task } from '../task-fields.ts';
import { BadTopology } from './bad-topology.ts';
import { declaredInputShape, readTopology } from './read-topology.ts';
import type { Topology } from './topology-schema.ts';

/** How many sides what enters a layer must have; others take any. */
const SIDES: Partial<Record<LayerSpec['kind'], number>> = {
  dense: 1,
  conv1d: 2,
  conv2d: 3,
  depthwiseConv2d: 3,
  upSampling2d: 3,
  maxPooling1d: 2,
  maxPooling2d: 3,
  lstm: 2,
  globalAveragePooling1d: 2,
  globalAveragePooling2d: 3,
};

/**
 * Why a topology does not suit a task: a layer that cannot be trained here, shapes that do not fit, an input or output
 * of another size. One sentence, or null where all is well.
 */
export function reasonAgainstTopology(task: Task, topology: Topology): string | null {
  try {
    checkShapes(task, topology);
    return null;
  } catch (thrown) {
    if (thrown instanceof BadTopology) return thrown.message;
    throw thrown;
  }
}

function checkShapes(task: Task, topology: Topology): void {
  const layers = readTopology(topology);
  const expected = inputShape(task.input);
  const declared = declaredInputShape(topology);
  if (declared !== null && declared.join('×') !== expected.join('×')) {
    throw new BadTopology(
      `its input is ${declared.map((side) => side ?? '?').join('×')}, input makes ${expected.join('×')}; make them alike`,
    );
  }
  // Layer by layer: the shapes after a wrong one mean nothing.
  for (let count = 1; count <= layers.length; count++) {
    checkPlace(placeLayers(layers.slice(0, count), expected).at(-1)!);
  }
  checkOutput(task, placeLayers(layers, expected).at(-1)!);
}

function checkPlace({ layer, inputs, outputs }: PlacedLayer): void {
  const refuse = (reason: string): never => {
    throw new BadTopology(`layer "${layer.name}": ${reason}`);
  };
  const sides = SIDES[layer.kind];
  const [first] = inputs as [readonly number[], ...(readonly number[])[]];
  if (sides !== undefined && first.length !== sides) {
    const advice = sides === 1 ? '; put a Flatten or a global pooling before it' : '';
    refuse(`needs ${sides} sides per example, is fed ${first.join('×')}${advice}`);
  }
  const isMerge = layer.kind === 'add' || layer.kind === 'concatenate';
  if (isMerge !== inputs.length > 1) {
    refuse(
      isMerge ? 'needs two layers that feed it' : 'takes one layer; put a Concatenate or an Add before it',
    );
  }
  const compared = layer.kind === 'concatenate' ? -1 : undefined;
  const shapes = inputs.map((shape) => shape.slice(0, compared).join('×'));
  if (new Set(shapes).size > 1)
    refuse(`is fed shapes that do not fit: ${inputs.map((s) => s.join('×')).join(', ')}`);
  if (outputs.some((length) => length < 1)) {
    refuse(`leaves nothing of ${first.join('×')}; use fewer or smaller steps before it`);
  }
}

function checkOutput(task: Task, { layer, outputs }: PlacedLayer): void {
  const kind = task.objective?.kind ?? 'classification';
  const units = { classification: task.classes.length, regression: 1, anomaly: inputWidth(task.input) }[kind];
  const what = {
    classification: 'one for each class; a softmax may follow',
    regression: 'for the number',
    anomaly: 'the example again, flattened',
  }[kind];
  if (layer.kind !== 'dense' || layer.activation !== 'linear' || outputs[0] !== units) {
    throw new BadTopology(
      `layer "${layer.name}" is the last one: it must be a Dense without activation of ${units} units, ${what}`,
    );
  }
}
