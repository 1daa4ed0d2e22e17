import { INPUT_NAME } from '@genba/shared/model/input-name';
import { isChain, layerGraph } from '@genba/shared/model/layer-graph';
import { inputShape } from '@genba/shared/model/layers';
import { type TensorSpec, weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import {
  type ExportedLayer,
  exportedLayers,
  type LayerJson,
  type ModelOrigin,
  modelNotes,
  type OutputChoice,
} from '@genba/shared/model-export/model-topology';
import { GENERATED_BY } from '../version.ts';

/** Keras writes its own version here; this is the one whose files ours are like. */
const KERAS_VERSION = '3.15.1';

/** Where Keras looks for the variables of one layer in model.weights.h5. */
export interface KerasVariables {
  /** Group of the layer: its class in snake case, numbered from the second of its kind on. */
  readonly group: string;
  /** The layer's own name. */
  readonly name: string;
  /** Part of the layer that has the variables; null: the layer itself. */
  readonly part: 'cell' | null;
  /** In the order in which Keras numbers a layer's variables, which is that of the layout. */
  readonly tensors: readonly TensorSpec[];
}

/** The metadata.json of a `.keras` file, with our own notes under `genba`: Keras does not mind them. */
export function kerasMetadata(task: Task, origin: ModelOrigin, output: OutputChoice): object {
  return {
    keras_version: KERAS_VERSION,
    // Keras' own form: 2026-11-23@09:19:41.
    date_saved: origin.createdAt.slice(0, 19).replace('T', '@'),
    genba: { generatedBy: GENERATED_BY, ...modelNotes(task, origin, output) },
  };
}

/** The config.json of a `.keras` file, not compiled: a chain as Sequential, branches as Model. */
export function kerasConfig(task: Task, output: OutputChoice): object {
  const input = {
    class_name: 'InputLayer',
    config: { name: INPUT_NAME, batch_shape: [null, ...inputShape(task.input)], dtype: 'float32' },
  };
  const exported = exportedLayers(task, output);
  const isSequential = isChain(layerGraph(task));
  const common = { name: task.id, trainable: true };
  const layers = [
    kerasLayer(input, isSequential ? {} : { name: INPUT_NAME, inbound_nodes: [] }),
    ...exported.map((layer) =>
      kerasLayer(layer, isSequential ? {} : { name: layer.name, inbound_nodes: [inboundNode(layer)] }),
    ),
  ];
  return {
    module: 'keras',
    class_name: isSequential ? 'Sequential' : 'Model',
    config: isSequential
      ? { ...common, dtype: 'float32', layers }
      : {
          ...common,
          layers,
          input_layers: [[INPUT_NAME, 0, 0]],
          output_layers: [[exported.at(-1)!.name, 0, 0]],
        },
    registered_name: null,
  };
}

function kerasLayer({ class_name, config }: LayerJson, place: object): object {
  return { module: 'keras.layers', class_name, config, registered_name: null, ...place };
}

/** The call of a layer as Keras 3 writes it down: one tensor, or a list of them. */
function inboundNode({ from, inputs }: ExportedLayer): object {
  const entering = from.map((name, index) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, ...inputs[index]!], dtype: 'float32', keras_history: [name, 0, 0] },
  }));
  return { args: entering.length === 1 ? entering : [entering], kwargs: {} };
}

/** Where the variables of each layer go, in the order in which Keras numbers the layers. */
export function kerasVariables(task: Task, output: OutputChoice): KerasVariables[] {
  const { tensors } = weightLayout(task);
  const counts = new Map<string, number>();
  return inKerasOrder(exportedLayers(task, output)).map(({ class_name, name }) => {
    const kind = snakeCase(class_name);
    const before = counts.get(kind) ?? 0;
    counts.set(kind, before + 1);
    return {
      group: before === 0 ? kind : `${kind}_${before}`,
      name,
      part: class_name === 'LSTM' ? 'cell' : null,
      tensors: tensors.filter(({ layer }) => layer === name),
    };
  });
}

/**
 * The layers as a loaded Functional model lists them: by distance from the output (the longest way), the farthest
 * first; of those equally far the one that a walk back from the output meets first. A chain stays as it is.
 */
function inKerasOrder(exported: readonly ExportedLayer[]): ExportedLayer[] {
  const byName = new Map(exported.map((layer) => [layer.name, layer]));
  const distances = new Map<string, number>();
  for (const { name, from } of exported.toReversed()) {
    const distance = distances.get(name) ?? 0;
    for (const feeding of from) distances.set(feeding, Math.max(distances.get(feeding) ?? 0, distance + 1));
  }
  const met = new Set<ExportedLayer>();
  const waiting = [exported.at(-1)!];
  while (waiting.length > 0) {
    const layer = waiting.pop()!;
    if (met.has(layer)) continue;
    met.add(layer);
    // The first that feeds it is walked to its end before the second.
    for (const feeding of layer.from.toReversed()) {
      const next = byName.get(feeding);
      if (next !== undefined) waiting.push(next);
    }
  }
  return [...met].sort((a, b) => (distances.get(b.name) ?? 0) - (distances.get(a.name) ?? 0));
}

/** As Keras does it: `MaxPooling2D` is `max_pooling2d`, `Conv2D` is `conv2d`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
