import type { Task, TaskInput } from './task-fields.ts';

/** One layer of a model, named as TensorFlow.js names it; the trainer builds exactly this list. */
export type LayerSpec =
  | { readonly kind: 'flatten'; readonly name: string }
  | {
      readonly kind: 'dense';
      readonly name: string;
      readonly units: number;
      readonly activation: 'relu' | 'linear';
    }
  | {
      readonly kind: 'conv2d';
      readonly name: string;
      readonly filters: number;
      readonly kernelSize: 3 | 5;
      /** `valid`: only where the kernel lies within the image, which shrinks by `kernelSize` − 1. */
      readonly padding: 'same' | 'valid';
      readonly activation: 'relu';
    }
  | { readonly kind: 'maxPooling2d'; readonly name: string; readonly poolSize: 2 }
  | { readonly kind: 'batchNormalization'; readonly name: string };

/** Shape of one example as the model sees it: `[height, width, channels]`, `[columns]` or `[rows, columns]`. */
export function inputShape(input: TaskInput): number[] {
  switch (input.kind) {
    case 'image':
      return [input.height, input.width, input.channels];
    case 'table':
      return [input.columns.length];
    case 'series':
      return [input.windowRows, input.columns.length];
  }
}

/** Values in one example. */
export function inputWidth(input: TaskInput): number {
  return inputShape(input).reduce((total, length) => total * length, 1);
}

/**
 * The layers of a task's model, first to last. The last one gives one logit per class (no softmax: the loss works on
 * logits, which is exact in float32), the one scaled number of a regression, or the example again.
 */
export function modelLayers(task: Task): LayerSpec[] {
  return [...hiddenLayers(task), outputLayer(task)];
}

function hiddenLayers({ model, input }: Task): LayerSpec[] {
  switch (model.template) {
    case 'small-cnn':
      return convolutions(model);
    case 'lenet-5':
      return LENET_5;
    case 'vgg-11':
      return vgg11(model);
    case 'mlp':
      return [...flattened(input), ...perceptron(model.hiddenUnits, model.batchNormalisation)];
    case 'autoencoder':
      return [
        ...flattened(input),
        // There and back again: the bottleneck stands once in the middle.
        ...perceptron([...model.hiddenUnits, ...model.hiddenUnits.slice(0, -1).reverse()], false),
      ];
  }
}

function outputLayer({ classes, objective, input }: Task): LayerSpec {
  switch (objective?.kind) {
    case 'regression':
      return { kind: 'dense', name: 'prediction', units: 1, activation: 'linear' };
    case 'anomaly':
      return { kind: 'dense', name: 'reconstruction', units: inputWidth(input), activation: 'linear' };
    default:
      return { kind: 'dense', name: 'logits', units: classes.length, activation: 'linear' };
  }
}

function flattened(input: TaskInput): LayerSpec[] {
  return input.kind === 'table' ? [] : [{ kind: 'flatten', name: 'flatten' }];
}

function normalisation(index: number, isWanted: boolean): LayerSpec[] {
  return isWanted ? [{ kind: 'batchNormalization', name: `normalisation${index}` }] : [];
}

function perceptron(hiddenUnits: readonly number[], isNormalised: boolean): LayerSpec[] {
  return hiddenUnits.flatMap((units, index): LayerSpec[] => [
    { kind: 'dense', name: `hidden${index + 1}`, units, activation: 'relu' },
    ...normalisation(index + 1, isNormalised),
  ]);
}

function convolutions({
  filters,
  denseUnits,
  batchNormalisation,
}: Extract<Task['model'], { template: 'small-cnn' }>): LayerSpec[] {
  return [
    ...filters.flatMap((count, index): LayerSpec[] => [
      {
        kind: 'conv2d',
        name: `convolution${index + 1}`,
        filters: count,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
      },
      ...normalisation(index + 1, batchNormalisation),
      { kind: 'maxPooling2d', name: `pooling${index + 1}`, poolSize: 2 },
    ]),
    { kind: 'flatten', name: 'flatten' },
    { kind: 'dense', name: 'hidden1', units: denseUnits, activation: 'relu' },
  ];
}

/** LeNet-5 (LeCun et al. 1998, section II-B) as it is built today: ReLU and max pooling instead of tanh and averages. */
const LENET_5: LayerSpec[] = [
  { kind: 'conv2d', name: 'convolution1', filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' },
  { kind: 'maxPooling2d', name: 'pooling1', poolSize: 2 },
  { kind: 'conv2d', name: 'convolution2', filters: 16, kernelSize: 5, padding: 'valid', activation: 'relu' },
  { kind: 'maxPooling2d', name: 'pooling2', poolSize: 2 },
  { kind: 'flatten', name: 'flatten' },
  ...perceptron([120, 84], false),
];

/** Filters of VGG-11's convolutions (Simonyan and Zisserman 2015, table 1, column A); pooling follows each row. */
const VGG_11_FILTERS = [[64], [128], [256, 256], [512, 512], [512, 512]];

function vgg11({
  widthShare,
  hiddenUnits,
  batchNormalisation,
}: Extract<Task['model'], { template: 'vgg-11' }>): LayerSpec[] {
  let index = 0;
  const convolution = (count: number): LayerSpec[] => {
    index += 1;
    const filters = Math.max(1, Math.round(count * widthShare));
    return [
      {
        kind: 'conv2d',
        name: `convolution${index}`,
        filters,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
      },
      ...normalisation(index, batchNormalisation),
    ];
  };
  return [
    ...VGG_11_FILTERS.flatMap((counts, block): LayerSpec[] => [
      ...counts.flatMap(convolution),
      { kind: 'maxPooling2d', name: `pooling${block + 1}`, poolSize: 2 },
    ]),
    { kind: 'flatten', name: 'flatten' },
    ...perceptron(hiddenUnits, false),
  ];
}
