import { INPUT_NAME } from '../model/input-name.ts';
import { isChain, layerGraph } from '../model/layer-graph.ts';
import { inputShape } from '../model/layers.ts';
import { weightLayout } from '../model/layout.ts';
import type { Task } from '../model/task.ts';
import { exportedLayers, type ModelOrigin, modelNotes, type OutputChoice } from './model-topology.ts';

/** The file with the weights, beside model.json. */
export const WEIGHTS_NAME = 'weights.bin';

/**
 * The model.json of a task's model in the format `layers-model` of TensorFlow.js, with a Keras-style topology. Its
 * weights are the vector as it is: one file, float32 little-endian, tensors in the order of the layout, without gaps.
 * @param origin where it comes from, and which program writes it
 */
export function layersModelJson(
  task: Task,
  { generatedBy, ...origin }: ModelOrigin & { readonly generatedBy: string },
  output: OutputChoice,
) {
  return {
    format: 'layers-model',
    generatedBy,
    convertedBy: null,
    modelTopology: {
      ...topology(task, output),
      keras_version: '2.15.0',
      backend: 'tensorflow',
    },
    weightsManifest: [
      {
        paths: [WEIGHTS_NAME],
        weights: weightLayout(task).tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: modelNotes(task, origin, output),
  };
}

/** A chain as Sequential, which is short to read; branches as Functional. */
function topology(task: Task, output: OutputChoice): object {
  const exported = exportedLayers(task, output);
  const batchShape = { batch_input_shape: [null, ...inputShape(task.input)] };
  if (isChain(layerGraph(task))) {
    const layers = exported.map(({ class_name, config }, index) => ({
      class_name,
      config: { ...config, ...(index === 0 ? batchShape : {}) },
    }));
    return { class_name: 'Sequential', config: { name: task.id, layers } };
  }
  const input = {
    class_name: 'InputLayer',
    name: INPUT_NAME,
    config: { name: INPUT_NAME, ...batchShape, dtype: 'float32', sparse: false },
    inbound_nodes: [],
  };
  const layers = exported.map(({ class_name, name, config, from }) => ({
    class_name,
    name,
    config,
    inbound_nodes: [from.map((feeding) => [feeding, 0, 0, {}])],
  }));
  return {
    class_name: 'Functional',
    config: {
      name: task.id,
      layers: [input, ...layers],
      input_layers: [[INPUT_NAME, 0, 0]],
      output_layers: [[exported.at(-1)!.name, 0, 0]],
    },
  };
}
