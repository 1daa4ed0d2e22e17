import type { LayerSpec } from '../layer-spec.ts';
import type { Task } from '../task-fields.ts';
import { normalisation, perceptron } from './perceptron.ts';

/** Convolutions with pooling in between, and one fully connected layer. */
export function smallCnn({
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
export const LENET_5: LayerSpec[] = [
  { kind: 'conv2d', name: 'convolution1', filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' },
  { kind: 'maxPooling2d', name: 'pooling1', poolSize: 2 },
  { kind: 'conv2d', name: 'convolution2', filters: 16, kernelSize: 5, padding: 'valid', activation: 'relu' },
  { kind: 'maxPooling2d', name: 'pooling2', poolSize: 2 },
  { kind: 'flatten', name: 'flatten' },
  ...perceptron([120, 84], false),
];

/** Filters of VGG-11's convolutions (Simonyan and Zisserman 2015, table 1, column A); pooling follows each row. */
const VGG_11_FILTERS = [[64], [128], [256, 256], [512, 512], [512, 512]];

/** VGG-11, as wide as the task says. */
export function vgg11({
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
