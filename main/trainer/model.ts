import { INPUT_NAME } from '@genba/shared/model/input-name';
import { layerGraph } from '@genba/shared/model/layer-graph';
import type { LayerSpec } from '@genba/shared/model/layer-spec';
import { inputShape } from '@genba/shared/model/layers';
import type { Task } from '@genba/shared/model/task';
import {
  initializers,
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';

type Layer = LayersModel['layers'][number];

/**
 * Share of the old value that a batch leaves in the running statistics. Keras' usual 0.99 needs hundreds of
 * batches; a plant with few examples has a few dozen per round, and would be judged on stale statistics.
 */
const STATISTICS_MOMENTUM = 0.9;

/**
 * Builds a task's model as tfjs layers, exactly those of `layerGraph`.
 * Ownership: the caller disposes of the model.
 */
export function buildModel(task: Task): LayersModel {
  const entry = input({ name: INPUT_NAME, shape: inputShape(task.input) });
  const outputs = new Map<string, SymbolicTensor>([[INPUT_NAME, entry]]);
  let last = entry;
  for (const { layer, from } of layerGraph(task)) {
    const entering = from.map((name) => outputs.get(name)!);
    const built = buildLayer(layer);
    last = built.apply(entering.length === 1 ? entering[0]! : entering) as SymbolicTensor;
    outputs.set(layer.name, last);
  }
  return model({ inputs: entry, outputs: last });
}

function buildLayer(spec: LayerSpec): Layer {
  const { name } = spec;
  // The weights are always set from outside: zeros spare the drawing of random ones.
  const kernelInitializer = initializers.zeros();
  switch (spec.kind) {
    case 'flatten':
      return layers.flatten({ name });
    case 'add':
      return layers.add({ name });
    case 'activation':
      return layers.activation({ name, activation: spec.activation });
    case 'concatenate':
      return layers.concatenate({ name });
    case 'dense': {
      const { units, activation, hasBias: useBias = true } = spec;
      return layers.dense({ name, units, activation, useBias, kernelInitializer });
    }
    case 'conv1d':
    case 'conv2d': {
      const { filters, kernelSize, padding, strides = 1, activation, hasBias: useBias = true } = spec;
      const settings = {
        name,
        filters,
        kernelSize,
        padding,
        strides,
        activation,
        useBias,
        kernelInitializer,
      };
      return spec.kind === 'conv1d' ? layers.conv1d(settings) : layers.conv2d(settings);
    }
    case 'depthwiseConv2d': {
      const { kernelSize, padding, strides = 1, activation, hasBias: useBias = true } = spec;
      const settings = { name, kernelSize, padding, strides, activation, useBias };
      return layers.depthwiseConv2d({ ...settings, depthwiseInitializer: kernelInitializer });
    }
    case 'maxPooling1d':
      return layers.maxPooling1d({ name, poolSize: spec.poolSize });
    case 'maxPooling2d':
      return layers.maxPooling2d({ name, poolSize: spec.poolSize });
    case 'upSampling2d':
      return layers.upSampling2d({ name, size: [spec.size, spec.size] });
    case 'globalAveragePooling1d':
      return layers.globalAveragePooling1d({ name });
    case 'globalAveragePooling2d':
      return layers.globalAveragePooling2d({ name });
    case 'lstm':
      return layers.lstm({
        name,
        units: spec.units,
        returnSequences: spec.givesRows,
        useBias: spec.hasBias ?? true,
        recurrentActivation: 'sigmoid',
        kernelInitializer,
        recurrentInitializer: initializers.zeros(),
      });
    case 'batchNormalization':
      return layers.batchNormalization({ name, momentum: STATISTICS_MOMENTUM });
  }
}
