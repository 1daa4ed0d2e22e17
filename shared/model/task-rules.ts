import type { Task } from './task-fields.ts';
import { reasonAgainstTopology } from './topology/check-topology.ts';

/** Says what is wrong with a field, in one sentence without a full stop. */
export type Refuse = (path: readonly string[], message: string) => void;

/** The classes must suit what is learnt. */
export function checkClasses({ classes, objective, input }: Task, refuse: Refuse): void {
  if (new Set(classes).size !== classes.length) refuse(['classes'], 'each class only once');
  const kind = objective?.kind ?? 'classification';
  if (kind === 'classification' && classes.length < 2) refuse(['classes'], 'at least two');
  if (kind === 'anomaly' && classes.length !== 2) {
    refuse(['classes'], 'two for anomalies: the good one, which is learnt, and the other');
  }
  if (kind === 'regression' && classes.length > 0) refuse(['classes'], 'none where a number is learnt');
  if (objective?.kind === 'classification' && Array.isArray(objective.classWeights)) {
    if (objective.classWeights.length !== classes.length) {
      refuse(['objective', 'classWeights'], `one for each of the ${classes.length} classes`);
    } else if (objective.classWeights.every((weight) => weight === 0)) {
      refuse(['objective', 'classWeights'], 'at least one above 0');
    }
  }
  if (objective?.kind === 'regression') {
    const [lowest, highest] = objective.range;
    if (!(lowest < highest)) refuse(['objective', 'range'], 'the lowest value, then a higher one');
    if (input.kind === 'image') refuse(['objective', 'kind'], 'a regression needs a table or a series');
  }
}

/** Columns, labels and the split must suit each other. */
export function checkInput({ input, objective, split, training }: Task, refuse: Refuse): void {
  if (input.kind === 'image') {
    if (split?.by === 'column' || split?.by === 'time') refuse(['split', 'by'], 'pictures have no columns');
    return;
  }
  const { columns, labelColumn } = input;
  if (new Set(columns).size !== columns.length) refuse(['input', 'columns'], 'each column only once');
  // A model that is shown the answer learns nothing else.
  if (labelColumn !== undefined && columns.includes(labelColumn)) {
    refuse(['input', 'columns'], 'not the label column');
  }
  if (labelColumn === undefined && objective?.kind !== 'anomaly') {
    refuse(['input', 'labelColumn'], 'needed, because there is no good class that all rows could be of');
  }
  if (split?.by === 'folder' || split?.by === 'name') refuse(['split', 'by'], 'only pictures have it');
  if (training.augmentation !== undefined) refuse(['training', 'augmentation'], 'only for pictures');
}

/** Shortest side of an image [pixels] that leaves something after the last pooling. */
const SHORTEST_SIDE = { 'lenet-5': 12, 'vgg-11': 32 } as const;

/** The model must suit the input and what is learnt. */
export function checkModel(task: Task, refuse: Refuse): void {
  const { input, model, objective } = task;
  if (model.template === 'layers-model') {
    const reason = reasonAgainstTopology(task, model.topology);
    if (reason !== null) refuse(['model', 'topology'], reason);
    return;
  }
  if (model.template === 'small-cnn') {
    if (input.kind !== 'image') refuse(['model', 'template'], 'small-cnn needs input.kind "image"');
    else if (Math.min(input.width, input.height) < 2 ** model.filters.length) {
      refuse(['model', 'filters'], 'too many convolutions for this image size: each halves it');
    }
  }
  if (model.template === 'lenet-5' || model.template === 'vgg-11') {
    const shortest = SHORTEST_SIDE[model.template];
    if (input.kind !== 'image') refuse(['model', 'template'], `${model.template} needs input.kind "image"`);
    else if (Math.min(input.width, input.height) < shortest) {
      refuse(['model', 'template'], `${model.template} needs images of at least ${shortest}×${shortest}`);
    }
  }
  if (model.template === 'mobilenet' && input.kind !== 'image') {
    refuse(['model', 'template'], 'mobilenet needs input.kind "image"');
  }
  if (model.template === 'resnet-1d' && input.kind !== 'series') {
    refuse(['model', 'template'], 'resnet-1d needs input.kind "series"');
  }
  if (model.template === 'conv-autoencoder') {
    const step = 2 ** model.filters.length;
    if (input.kind !== 'image') refuse(['model', 'template'], 'conv-autoencoder needs input.kind "image"');
    else if (input.width % step !== 0 || input.height % step !== 0) {
      refuse(['model', 'filters'], `width and height must be multiples of ${step}: each stage halves them`);
    }
  }
  const findsAnomalies = model.template === 'autoencoder' || model.template === 'conv-autoencoder';
  if (findsAnomalies !== (objective?.kind === 'anomaly')) {
    refuse(
      ['model', 'template'],
      'an autoencoder is for anomalies, and no other template is; a layers-model may be',
    );
  }
}

/** How the plants train must suit how the aggregator merges. */
export function checkFederation({ training, federation, updateEncoding }: Task, refuse: Refuse): void {
  if ('proximalCoefficient' in federation) {
    // Each step closes this share of the way back to the start weights; beyond 1 it would leap past them.
    if (training.learningRate * federation.proximalCoefficient > 1) {
      refuse(['federation', 'proximalCoefficient'], 'times training.learningRate at most 1');
    }
  }
  const calibratesItself = federation.strategy === 'orthofl' && federation.calibratedBy === 'client';
  if (calibratesItself && updateEncoding !== undefined && updateEncoding !== 'float32') {
    // A delta is read against the start weights, and here only the plant has them.
    refuse(['updateEncoding'], 'float32 where federation.calibratedBy is "client"');
  }
}
