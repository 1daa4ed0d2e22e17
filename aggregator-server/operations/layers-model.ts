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
      class_name: 'Sequential',
      config: { name: task.id, layers: topology(task, output) },
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

function topology(task: Task, output: OutputChoice): object[] {
  return exportedLayers(task, output).map(({ class_name, config }, index) => ({
    class_name,
    config: {
      ...config,
      ...(index === 0 ? { batch_input_shape: [null, ...inputShape(task.input)] } : {}),
    },
  }));
}
