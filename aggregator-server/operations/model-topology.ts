import { type LayerSpec, modelLayers } from '@genba/shared/model/layers';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { AGGREGATOR_VERSION } from '../version.ts';

/** Who wrote the file. */
export const GENERATED_BY = `Genba aggregator ${AGGREGATOR_VERSION}`;

/** As in the trainer: share of the old value that a batch leaves in the running statistics. Plays no part in predicting. */
const STATISTICS_MOMENTUM = 0.9;
/** Keras' and the trainer's guard against division by zero in batch normalisation. */
const NORMALISATION_EPSILON = 0.001;

/** One layer as Keras and TensorFlow.js describe it; they agree on these names. */
export interface LayerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What is written into the file about where the model comes from. */
export interface ModelOrigin {
  readonly version: number;
  readonly digest: string;
  readonly createdAt: string;
}

/** Whether a last layer turns the logits of classes into probabilities. */
export interface OutputChoice {
  readonly hasSoftmax: boolean;
}

/** The layers of an exported model, first to last, without the shape of the input. */
export function exportedLayers(task: Task, { hasSoftmax }: OutputChoice): LayerJson[] {
  const layers = modelLayers(task).map(layerJson);
  // Only classes have probabilities; a number or a reconstruction is what it is.
  if (hasSoftmax && objectiveOf(task).kind === 'classification') {
    layers.push({ class_name: 'Activation', config: { name: 'probabilities', activation: 'softmax' } });
  }
  return layers.map(({ class_name, config }) => ({
    class_name,
    config: { ...config, trainable: true, dtype: 'float32' },
  }));
}

/** What a user of an exported model has to know beside its topology. */
export function modelNotes(task: Task, origin: ModelOrigin, { hasSoftmax }: OutputChoice): object {
  const objective = objectiveOf(task);
  const outputs = {
    classification: hasSoftmax ? 'probabilities' : 'logits',
    regression: 'the number, scaled: -1 and 1 are the ends of its range',
    anomaly: 'the inputs again',
  };
  return {
    task: task.id,
    name: task.name,
    ...origin,
    classes: task.classes,
    objective,
    input: task.input,
    inputScale: task.input.kind === 'image' ? 'pixel / 255' : 'standardised per column, by each plant',
    output: outputs[objective.kind],
  };
}

function layerJson(spec: LayerSpec): LayerJson {
  const { name } = spec;
  switch (spec.kind) {
    case 'flatten':
      return { class_name: 'Flatten', config: { name } };
    case 'dense':
      return {
        class_name: 'Dense',
        config: { name, units: spec.units, activation: spec.activation, use_bias: true },
      };
    case 'conv2d':
      return {
        class_name: 'Conv2D',
        config: {
          name,
          filters: spec.filters,
          kernel_size: [spec.kernelSize, spec.kernelSize],
          strides: [1, 1],
          padding: spec.padding,
          data_format: 'channels_last',
          activation: spec.activation,
          use_bias: true,
        },
      };
    case 'maxPooling2d':
      return {
        class_name: 'MaxPooling2D',
        config: {
          name,
          pool_size: [spec.poolSize, spec.poolSize],
          strides: [spec.poolSize, spec.poolSize],
          padding: 'valid',
          data_format: 'channels_last',
        },
      };
    case 'batchNormalization':
      return {
        class_name: 'BatchNormalization',
        config: {
          name,
          axis: -1,
          momentum: STATISTICS_MOMENTUM,
          epsilon: NORMALISATION_EPSILON,
          center: true,
          scale: true,
        },
      };
  }
}
