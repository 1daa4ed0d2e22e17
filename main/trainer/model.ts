import { inputShape, type LayerSpec, modelLayers } from '@genba/shared/model/layers';
import type { Task } from '@genba/shared/model/task';
import { initializers, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';

type Layer = Sequential['layers'][number];

/**
 * Share of the old value that a batch leaves in the running statistics. Keras' usual 0.99 needs hundreds of
 * batches; a plant with few examples has a few dozen per round, and would be judged on stale statistics.
 */
const STATISTICS_MOMENTUM = 0.9;

/**
 * Builds a task's model as tfjs layers, exactly the list of `modelLayers`.
 * Ownership: the caller disposes of the model.
 */
export function buildModel(task: Task): Sequential {
  const model = sequential();
  model.add(layers.inputLayer({ inputShape: inputShape(task.input) }));
  for (const spec of modelLayers(task)) model.add(buildLayer(spec));
  return model;
}

function buildLayer(spec: LayerSpec): Layer {
  const { name } = spec;
  // The weights are always set from outside: zeros spare the drawing of random ones.
  const kernelInitializer = initializers.zeros();
  switch (spec.kind) {
    case 'flatten':
      return layers.flatten({ name });
    case 'dense':
      return layers.dense({ name, units: spec.units, activation: spec.activation, kernelInitializer });
    case 'conv2d':
      return layers.conv2d({
        name,
        filters: spec.filters,
        kernelSize: spec.kernelSize,
        padding: spec.padding,
        activation: spec.activation,
        kernelInitializer,
      });
    case 'maxPooling2d':
      return layers.maxPooling2d({ name, poolSize: spec.poolSize });
    case 'batchNormalization':
      return layers.batchNormalization({ name, momentum: STATISTICS_MOMENTUM });
  }
}
