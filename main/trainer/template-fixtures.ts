import type { Task } from '@genba/shared/model/task';
import { brightHalves, clouds, OWN_TOPOLOGY, seriesTopology, spottedSurfaces, waves } from './fixtures.ts';
import type { ExampleSet } from './messages.ts';

/** Examples of each. */
const BATCH = 6;
const image = (side: number) => ({ kind: 'image', width: side, height: side, channels: 1 });
const SERIES = { kind: 'series', columns: ['a', 'b'], windowRows: 16, strideRows: 8 };

/** A task without its settings of training, and its examples. */
export interface Template {
  readonly input?: object;
  readonly classes?: readonly string[];
  readonly objective?: object;
  readonly model: object;
  readonly set: ExampleSet;
}

/** Every template of the task schema, tiny: a new one does not compile without a line here. */
export const TEMPLATES: Record<Task['model']['template'], Template> = {
  mlp: {
    input: { kind: 'table', columns: ['x', 'y'], labelColumn: 'class' },
    model: { template: 'mlp', hiddenUnits: [5, 4], batchNormalisation: true },
    set: clouds(BATCH, 1),
  },
  'small-cnn': {
    model: { template: 'small-cnn', filters: [3], denseUnits: 4 },
    set: brightHalves(BATCH, 1),
  },
  'lenet-5': { input: image(12), model: { template: 'lenet-5' }, set: brightHalves(BATCH, 1, 12) },
  'vgg-11': {
    input: image(32),
    model: { template: 'vgg-11', widthShare: 0.03 },
    set: brightHalves(BATCH, 1, 32),
  },
  mobilenet: {
    input: image(16),
    model: { template: 'mobilenet', filters: [3, 4], blocks: 1, expansion: 2, stemStrides: 1 },
    set: brightHalves(BATCH, 1, 16),
  },
  'resnet-1d': {
    input: { ...SERIES, labelColumn: 'state' },
    classes: ['calm', 'out of step'],
    model: { template: 'resnet-1d', filters: [3, 4], blocks: 1 },
    set: waves(BATCH, 1),
  },
  'layers-model': {
    model: { template: 'layers-model', topology: OWN_TOPOLOGY },
    set: brightHalves(BATCH, 1),
  },
  'conv-autoencoder': {
    input: image(16),
    classes: ['good', 'bad'],
    objective: { kind: 'anomaly' },
    model: { template: 'conv-autoencoder', filters: [3, 4] },
    set: spottedSurfaces(BATCH, 1),
  },
  autoencoder: {
    input: { ...SERIES, labelColumn: 'state' },
    classes: ['good', 'bad'],
    objective: { kind: 'anomaly' },
    model: { template: 'autoencoder', hiddenUnits: [6, 3] },
    set: waves(BATCH, 1),
  },
};

/** The same, and what an engineer's own model may have beside. */
export const EVERY_MODEL: Readonly<Record<string, Template>> = {
  ...TEMPLATES,
  'layers-model with a memory': {
    // Few rows: each costs a backend dozens of operations.
    input: { ...SERIES, columns: [...'abcdefgh'], windowRows: 4, strideRows: 2, labelColumn: 'state' },
    classes: ['calm', 'out of step'],
    model: { template: 'layers-model', topology: seriesTopology(2) },
    set: waves(BATCH, 1),
  },
};
