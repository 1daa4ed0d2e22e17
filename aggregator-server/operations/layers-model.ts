import { INPUT_NAME } from '@genba/shared/model/input-name';
import { isChain, layerGraph } from '@genba/shared/model/layer-graph';
import { inputShape } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import {
  exportedLayers,
  GENERATED_BY,
  type ModelOrigin,
  modelNotes,
  type OutputChoice,
} from './model-topology.ts';

/** The file with the weights, beside model.json. */
export const WEIGHTS_NAME = 'weights.bin';

/**
 * The model.json of a task's model in the format `layers-model` of TensorFlow.js, with a Keras-style topology. Its
 * weights are the vector of the weight store as it is: one file, tensors in the order of the layout, without gaps.
 */
export function layersModelJson(task: Task, origin: ModelOrigin, output: OutputChoice) {
  return {
    format: 'layers-model',
    generatedBy: GENERATED_BY,
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
