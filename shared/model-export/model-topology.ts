import { layerGraph } from '../model/layer-graph.ts';
import type { LayerSpec } from '../model/layer-spec.ts';
import { objectiveOf, type Task } from '../model/task.ts';

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

/** The last layer of an exported model whose logits become probabilities. */
const PROBABILITIES = 'probabilities';

/** A layer of an exported model, and where its input comes from. */
export interface ExportedLayer extends LayerJson {
  readonly name: string;
  /** Names of the layers that feed it. */
  readonly from: readonly string[];
  /** Shapes of one example: of what comes from each of `from`, and of what comes out. */
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/** The layers of an exported model, each after those that feed it, without the layer of the input. */
export function exportedLayers(task: Task, { hasSoftmax }: OutputChoice): ExportedLayer[] {
  const layers = layerGraph(task).map(
    ({ layer, ...place }): ExportedLayer => ({ ...layerJson(layer), name: layer.name, ...place }),
  );
  // Only classes have probabilities; a number or a reconstruction is what it is.
  if (hasSoftmax && objectiveOf(task).kind === 'classification') {
    const { name, outputs } = layers.at(-1)!;
    const config = { name: PROBABILITIES, activation: 'softmax' };
    const place = { name: PROBABILITIES, from: [name], inputs: [outputs], outputs };
    layers.push({ class_name: 'Activation', config, ...place });
  }
  return layers.map((layer) => ({
    ...layer,
    config: { ...layer.config, trainable: true, dtype: 'float32' },
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
        config: { name, units: spec.units, activation: spec.activation, use_bias: spec.hasBias ?? true },
      };
    case 'add':
      return { class_name: 'Add', config: { name } };
    case 'concatenate':
      return { class_name: 'Concatenate', config: { name, axis: -1 } };
    case 'activation':
      return { class_name: 'Activation', config: { name, activation: spec.activation } };
    case 'globalAveragePooling1d':
      return { class_name: 'GlobalAveragePooling1D', config: { name, data_format: 'channels_last' } };
    case 'globalAveragePooling2d':
      return { class_name: 'GlobalAveragePooling2D', config: { name, data_format: 'channels_last' } };
    case 'conv1d':
      return { class_name: 'Conv1D', config: { ...convolution(spec, 1), filters: spec.filters } };
    case 'conv2d':
      return { class_name: 'Conv2D', config: { ...convolution(spec, 2), filters: spec.filters } };
    case 'depthwiseConv2d':
      return {
        class_name: 'DepthwiseConv2D',
        config: { ...convolution(spec, 2), depth_multiplier: 1 },
      };
    case 'maxPooling1d':
      return { class_name: 'MaxPooling1D', config: pooling(name, [spec.poolSize]) };
    case 'maxPooling2d':
      return { class_name: 'MaxPooling2D', config: pooling(name, [spec.poolSize, spec.poolSize]) };
    case 'upSampling2d':
      return {
        class_name: 'UpSampling2D',
        config: {
          name,
          size: [spec.size, spec.size],
          interpolation: 'nearest',
          data_format: 'channels_last',
        },
      };
    case 'lstm':
      return {
        class_name: 'LSTM',
        config: {
          name,
          units: spec.units,
          activation: 'tanh',
          recurrent_activation: 'sigmoid',
          use_bias: spec.hasBias ?? true,
          unit_forget_bias: true,
          return_sequences: spec.givesRows,
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

/** What all convolutions have. @param sides 1 over time, 2 over a picture */
function convolution(
  spec: Extract<LayerSpec, { kind: 'conv1d' | 'conv2d' | 'depthwiseConv2d' }>,
  sides: 1 | 2,
): Record<string, unknown> {
  const { name, kernelSize, padding, strides = 1, activation, hasBias = true } = spec;
  const each = (length: number) => Array<number>(sides).fill(length);
  return {
    name,
    kernel_size: each(kernelSize),
    strides: each(strides),
    padding,
    data_format: 'channels_last',
    activation,
    use_bias: hasBias,
  };
}

function pooling(name: string, window: readonly number[]): Record<string, unknown> {
  return { name, pool_size: window, strides: window, padding: 'valid', data_format: 'channels_last' };
}
