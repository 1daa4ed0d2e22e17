import type { LayerSpec } from '../layer-spec.ts';
import { LayerSettings } from './layer-settings.ts';
import type { TopologyLayer } from './topology-schema.ts';

/** A layer as read; a softmax is left to the caller, who knows whether it is the last one. */
export interface ReadLayer {
  readonly layer: LayerSpec;
  readonly hasSoftmax: boolean;
}

/** Epsilon of batch normalisation in Keras, TensorFlow.js and here. */
const NORMALISATION_EPSILON = 0.001;

const READERS: Readonly<Record<string, (settings: LayerSettings) => ReadLayer>> = {
  Dense: (settings) => {
    const { name } = settings;
    const units = settings.count('units');
    return withActivation(settings, (activation) => ({
      kind: 'dense',
      name,
      units,
      ...kernel(settings, 'kernel_initializer'),
      activation,
    }));
  },
  Conv1D: (settings) => {
    const filters = settings.count('filters');
    const common = convolution(settings, 'kernel_initializer');
    return withActivation(settings, (activation) => ({ kind: 'conv1d', filters, ...common, activation }));
  },
  Conv2D: (settings) => {
    const filters = settings.count('filters');
    const common = convolution(settings, 'kernel_initializer');
    return withActivation(settings, (activation) => ({ kind: 'conv2d', filters, ...common, activation }));
  },
  DepthwiseConv2D: (settings) => {
    settings.only('depth_multiplier', [1], 'must be 1; a Conv2D of kernel size 1 after it widens');
    const common = convolution(settings, 'depthwise_initializer');
    return withActivation(settings, (activation) => ({ kind: 'depthwiseConv2d', ...common, activation }));
  },
  MaxPooling1D: (settings) => plain({ kind: 'maxPooling1d', ...pooling(settings) }),
  MaxPooling2D: (settings) => plain({ kind: 'maxPooling2d', ...pooling(settings) }),
  UpSampling2D: (settings) => {
    settings.only('interpolation', ['nearest'], 'must be "nearest"');
    return plain({ kind: 'upSampling2d', name: settings.name, size: settings.side('size', 2) });
  },
  GlobalAveragePooling1D: (settings) => plain({ kind: 'globalAveragePooling1d', ...global(settings) }),
  GlobalAveragePooling2D: (settings) => plain({ kind: 'globalAveragePooling2d', ...global(settings) }),
  Flatten: ({ name }) => plain({ kind: 'flatten', name }),
  Add: ({ name }) => plain({ kind: 'add', name }),
  Concatenate: (settings) => {
    settings.only('axis', [-1], 'must be -1, the channels');
    return plain({ kind: 'concatenate', name: settings.name });
  },
  Activation: (settings) =>
    withActivation(settings, (activation) => ({ kind: 'activation', name: settings.name, activation })),
  ReLU: (settings) => {
    settings.only('max_value', [], 'must be left out; relu6 is an Activation');
    settings.only('negative_slope', [0], 'must be 0');
    settings.only('threshold', [0], 'must be 0');
    return plain({ kind: 'activation', name: settings.name, activation: 'relu' });
  },
  Softmax: (settings) => {
    settings.only('axis', [-1], 'must be -1');
    return {
      layer: { kind: 'activation', name: settings.name, activation: 'linear' },
      hasSoftmax: true,
    };
  },
  LSTM: (settings) => {
    settings.only('activation', ['tanh'], 'must be "tanh"');
    settings.only('recurrent_activation', ['sigmoid'], 'must be "sigmoid"');
    settings.only('unit_forget_bias', [true], 'must be true');
    for (const key of ['dropout', 'recurrent_dropout'])
      settings.only(key, [0], 'must be 0: it draws anew on every PC, so that a round could not be repeated');
    for (const key of ['go_backwards', 'stateful', 'return_state', 'time_major'])
      settings.only(key, [false], 'must be false');
    // How it is computed, and how its weights begin, which is as said for all layers.
    for (const key of [
      'unroll',
      'implementation',
      'use_cudnn',
      'recurrent_initializer',
      'zero_output_for_mask',
    ])
      settings.ignore(key);
    return plain({
      kind: 'lstm',
      name: settings.name,
      units: settings.count('units'),
      givesRows: settings.flag('return_sequences', false),
      ...kernel(settings, 'kernel_initializer'),
    });
  },
  BatchNormalization: (settings) => {
    settings.only('epsilon', [NORMALISATION_EPSILON], `must be ${NORMALISATION_EPSILON}`);
    settings.only('center', [true], 'must be true');
    settings.only('scale', [true], 'must be true');
    settings.only('axis', [-1, 1, 2, 3], 'must be the channels, the last one');
    settings.only('renorm', [false], 'must be false');
    settings.only('virtual_batch_size', [], 'must be left out');
    settings.only('synchronized', [false], 'must be false');
    // Plays no part in the model, only in how fast its statistics follow; see the trainer.
    settings.ignore('momentum');
    // Keras writes it even without renormalisation.
    settings.ignore('renorm_momentum');
    return plain({ kind: 'batchNormalization', name: settings.name });
  },
};

/** Why some layers that people often have are not among them. */
const REASONS: Readonly<Record<string, string>> = {
  Dropout: 'draws anew on every PC, so that a round could not be repeated; leave it out',
  Lambda: 'holds code instead of a description, which no plant runs; write it with other layers',
  GRU: 'is not supported; LSTM and Conv1D layers read series too',
  SimpleRNN: 'is not supported; LSTM and Conv1D layers read series too',
  Embedding: 'is not supported: inputs are numbers, not indices',
};

/** Reads one layer. @throws BadTopology naming the layer and what to do */
export function readLayer(entry: TopologyLayer): ReadLayer {
  const settings = new LayerSettings(entry);
  const reader = READERS[entry.class_name];
  if (reader === undefined) {
    return settings.refuse(
      REASONS[entry.class_name] ?? `is none of the layers known here: ${Object.keys(READERS).join(', ')}`,
    );
  }
  const read = reader(settings);
  settings.finish();
  return read;
}

function plain(layer: LayerSpec): ReadLayer {
  return { layer, hasSoftmax: false };
}

function withActivation(
  settings: LayerSettings,
  build: (activation: Exclude<ReturnType<LayerSettings['activation']>, 'softmax'>) => LayerSpec,
): ReadLayer {
  const activation = settings.activation();
  const hasSoftmax = activation === 'softmax';
  return { layer: build(hasSoftmax ? 'linear' : activation), hasSoftmax };
}

function kernel(settings: LayerSettings, initialiser: string) {
  return { start: settings.start(initialiser), hasBias: settings.hasBias() };
}

function convolution(settings: LayerSettings, initialiser: string) {
  settings.only('dilation_rate', [1], 'must be 1');
  settings.only('groups', [1], 'must be 1; DepthwiseConv2D has a group per channel');
  return {
    name: settings.name,
    kernelSize: settings.side('kernel_size'),
    strides: settings.side('strides', 1),
    padding: settings.padding(),
    ...kernel(settings, initialiser),
  };
}

function pooling(settings: LayerSettings) {
  const poolSize = settings.side('pool_size', 2);
  if (settings.side('strides', poolSize) !== poolSize) settings.refuse('strides must be as pool_size');
  if (settings.padding() !== 'valid') settings.refuse('padding must be "valid"');
  return { name: settings.name, poolSize };
}

function global(settings: LayerSettings) {
  settings.only('keepdims', [false], 'must be false');
  return { name: settings.name };
}
