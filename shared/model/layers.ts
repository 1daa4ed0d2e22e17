import type { LayerSpec } from './layer-spec.ts';
import type { Task, TaskInput } from './task-fields.ts';
import { convAutoencoder } from './templates/conv-autoencoder.ts';
import { LENET_5, smallCnn, vgg11 } from './templates/convolutional.ts';
import { mobilenet } from './templates/mobilenet.ts';
import { denseAutoencoder, perceptron } from './templates/perceptron.ts';
import { resnet1d } from './templates/resnet-1d.ts';
import { readTopology } from './topology/read-topology.ts';

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
  if (task.model.template === 'layers-model') return readTopology(task.model.topology);
  return [...hiddenLayers(task, task.model), outputLayer(task)];
}

/** A model of the list of templates. */
type TemplateModel = Exclude<Task['model'], { template: 'layers-model' }>;

function hiddenLayers({ input }: Task, model: TemplateModel): LayerSpec[] {
  switch (model.template) {
    case 'small-cnn':
      return smallCnn(model);
    case 'lenet-5':
      return LENET_5;
    case 'vgg-11':
      return vgg11(model);
    case 'mobilenet':
      return mobilenet(model);
    case 'resnet-1d':
      return resnet1d(model);
    case 'mlp':
      return [...flattened(input), ...perceptron(model.hiddenUnits, model.batchNormalisation)];
    case 'conv-autoencoder':
      return convAutoencoder(model.filters, inputShape(input).at(-1)!);
    case 'autoencoder':
      return [...flattened(input), ...denseAutoencoder(model.hiddenUnits)];
  }
}

function outputLayer({ classes, objective, input, model }: Task): LayerSpec {
  // It has made the whole picture by then.
  if (model.template === 'conv-autoencoder') return { kind: 'flatten', name: 'reconstruction' };
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
