import { describe, expect, it } from 'vitest';
import { parseTask } from './task.ts';

const IMAGE_TASK = {
  id: 'solder-joints',
  name: { en: 'Solder joints', ja: 'はんだ付け' },
  input: { kind: 'image', width: 32, height: 32, channels: 3 },
  classes: ['OK', 'NG'],
  model: { template: 'small-cnn', filters: [8, 16], denseUnits: 32 },
};
const TABLE_TASK = {
  ...IMAGE_TASK,
  input: { kind: 'table', columns: ['current', 'voltage'], labelColumn: 'result' },
  model: { template: 'mlp', hiddenUnits: [16] },
};

const SERIES_TASK = {
  ...TABLE_TASK,
  input: {
    kind: 'series',
    columns: ['current', 'voltage'],
    windowRows: 32,
    strideRows: 8,
    labelColumn: 'state',
    groupColumn: 'machine',
  },
};
const ANOMALY_TASK = {
  ...SERIES_TASK,
  input: { ...SERIES_TASK.input, labelColumn: undefined },
  objective: { kind: 'anomaly' },
  model: { template: 'autoencoder', hiddenUnits: [16, 4] },
};

describe('parseTask', () => {
  it('admits a series, anomalies and a number', () => {
    expect(parseTask(SERIES_TASK).input).toEqual(SERIES_TASK.input);
    expect(parseTask(ANOMALY_TASK).objective).toEqual({ kind: 'anomaly', falseAlarmShare: 0.01 });
    const regression = { ...TABLE_TASK, classes: [], objective: { kind: 'regression', range: [0, 2.5] } };
    expect(parseTask(regression)).toMatchObject({ classes: [], objective: { range: [0, 2.5], unit: '' } });
  });

  it('admits an image task and a table task, with defaults filled in', () => {
    expect(parseTask(IMAGE_TASK)).toMatchObject({
      training: { epochs: 1, batchSize: 32 },
      federation: { strategy: 'orthofl', reference: 'relay', mixingWeight: 0.6, stalenessExponent: 0.5 },
    });
    expect(parseTask(TABLE_TASK).input).toEqual(TABLE_TASK.input);
  });

  it('gives back what it was given when it is parsed again', () => {
    const task = parseTask(IMAGE_TASK);
    expect(parseTask(JSON.parse(JSON.stringify(task)))).toEqual(task);
  });

  it.each([
    ['an unknown key', { ...IMAGE_TASK, learningRate: 0.1 }, /learningRate/],
    ['an id with spaces', { ...IMAGE_TASK, id: 'solder joints' }, /^.*id: /],
    ['a class twice', { ...IMAGE_TASK, classes: ['OK', 'OK'] }, /classes: each class only once/],
    ['a single class', { ...IMAGE_TASK, classes: ['OK'] }, /classes/],
    [
      'a column twice',
      { ...TABLE_TASK, input: { ...TABLE_TASK.input, columns: ['current', 'current'] } },
      /input\.columns: each column only once/,
    ],
    [
      'the label among the columns',
      { ...TABLE_TASK, input: { ...TABLE_TASK.input, columns: ['current', 'result'] } },
      /input\.columns: not the label column/,
    ],
    [
      'convolutions over a table',
      { ...TABLE_TASK, model: IMAGE_TASK.model },
      /model\.template: small-cnn needs/,
    ],
    [
      'more convolutions than pixels',
      {
        ...IMAGE_TASK,
        input: { kind: 'image', width: 7, height: 64, channels: 1 },
        model: { ...IMAGE_TASK.model, filters: [1, 1, 1] },
      },
      /model\.filters: too many/,
    ],
    [
      'a series whose rows have no class',
      { ...SERIES_TASK, input: { ...SERIES_TASK.input, labelColumn: undefined } },
      /input\.labelColumn: needed/,
    ],
    [
      'anomalies of three kinds',
      { ...ANOMALY_TASK, classes: ['good', 'scratch', 'dent'] },
      /classes: two for anomalies/,
    ],
    [
      'anomalies without an autoencoder',
      { ...ANOMALY_TASK, model: TABLE_TASK.model },
      /model\.template: an autoencoder/,
    ],
    [
      'an autoencoder for classes',
      { ...SERIES_TASK, model: ANOMALY_TASK.model },
      /model\.template: an autoencoder/,
    ],
    [
      'a number and classes',
      { ...TABLE_TASK, objective: { kind: 'regression', range: [0, 1] } },
      /classes: none where a number is learnt/,
    ],
    [
      'a range upside down',
      { ...TABLE_TASK, classes: [], objective: { kind: 'regression', range: [1, 1] } },
      /objective\.range: the lowest value/,
    ],
    [
      'a number to be read from a picture',
      { ...IMAGE_TASK, classes: [], objective: { kind: 'regression', range: [0, 1] } },
      /objective\.kind: a regression needs/,
    ],
    [
      'weights for other classes',
      { ...IMAGE_TASK, objective: { kind: 'classification', classWeights: [1, 2, 3] } },
      /objective\.classWeights: one for each of the 2/,
    ],
    [
      'weights that leave nothing to learn',
      { ...IMAGE_TASK, objective: { kind: 'classification', classWeights: [0, 0] } },
      /objective\.classWeights: at least one above 0/,
    ],
    ['pictures split by a column', { ...IMAGE_TASK, split: { by: 'column', column: 'lot' } }, /split\.by/],
    ['rows split by folder', { ...TABLE_TASK, split: { by: 'folder' } }, /split\.by: only pictures/],
    [
      'rows mirrored',
      { ...TABLE_TASK, training: { augmentation: { flip: 'horizontal' } } },
      /training\.augmentation: only for pictures/,
    ],
    ['a learning rate of 0', { ...IMAGE_TASK, training: { learningRate: 0 } }, /training\.learningRate/],
    [
      'a mixing weight above 1',
      { ...IMAGE_TASK, federation: { mixingWeight: 1.5 } },
      /federation\.mixingWeight/,
    ],
    [
      'a pull beyond the start weights',
      {
        ...IMAGE_TASK,
        training: { learningRate: 0.5 },
        federation: { strategy: 'fedprox', proximalCoefficient: 2.1 },
      },
      /federation\.proximalCoefficient: times training\.learningRate at most 1/,
    ],
    [
      'deltas where only the plants have the start weights',
      {
        ...IMAGE_TASK,
        federation: { reference: 'average', calibratedBy: 'client' },
        updateEncoding: 'int8',
      },
      /updateEncoding: float32 where/,
    ],
    ['something else altogether', null, /task: /],
  ])('refuses %s, and names the field', (_, candidate, detail) => {
    expect(() => parseTask(candidate)).toThrow(
      expect.objectContaining({ code: 'task/invalid', detail: expect.stringMatching(detail) }),
    );
  });

  it('admits a pull that just reaches the start weights', () => {
    const federation = { strategy: 'fedprox', proximalCoefficient: 2 };
    expect(() => parseTask({ ...IMAGE_TASK, training: { learningRate: 0.5 }, federation })).not.toThrow();
  });

  it('admits as many columns as fit into one message, and refuses more', () => {
    const withColumns = (count: number, length: number) => ({
      ...TABLE_TASK,
      input: {
        ...TABLE_TASK.input,
        columns: Array.from({ length: count }, (_, index) => `${index}`.padStart(length, 'x')),
      },
    });
    expect(() => parseTask(withColumns(2000, 20))).not.toThrow();
    expect(() => parseTask(withColumns(2000, 30))).toThrow(/characters/);
  });
});
