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

describe('parseTask', () => {
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
