import { describe, expect, it } from 'vitest';
import { newerThanKnown } from './newer-task.ts';

const TASK = {
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  input: { kind: 'image', width: 8, height: 8, channels: 1 },
  classes: ['良品', '不良'],
  model: { template: 'mlp', hiddenUnits: [4] },
};

describe('a task that a newer version made', () => {
  it.each<[what: string, change: object, named: string]>([
    ['a template', { model: { template: 'vit', depth: 3 } }, 'model.template "vit"'],
    ['an input', { input: { kind: 'sound', rate: 44_100 } }, 'input.kind "sound"'],
    ['an objective', { objective: { kind: 'ranking' } }, 'objective.kind "ranking"'],
    ['a strategy', { federation: { strategy: 'fednova' } }, 'federation.strategy "fednova"'],
    ['an encoding', { updateEncoding: 'int4' }, 'updateEncoding "int4"'],
    ['a field', { privacy: { epsilon: 1 } }, 'privacy'],
    [
      'a field of a template',
      { model: { template: 'mlp', hiddenUnits: [4], dropout: 0.1 } },
      'model.dropout',
    ],
  ])('is told by %s that is not known', (_what, change, named) => {
    expect(newerThanKnown({ ...TASK, ...change })).toBe(`not known here: ${named}`);
  });

  it('is told by all of it', () => {
    const change = { model: { template: 'vit' }, objective: { kind: 'ranking' } };
    expect(newerThanKnown({ ...TASK, ...change })).toBe(
      'not known here: objective.kind "ranking", model.template "vit"',
    );
  });
});

describe('a task that is wrong', () => {
  it.each<[what: string, task: unknown]>([
    ['without a name', { ...TASK, name: undefined }],
    ['with a template that is no word', { ...TASK, model: { template: 3 } }],
    ['without a template', { ...TASK, model: {} }],
    ['with a wrong value beside a new field', { ...TASK, classes: 'two', privacy: {} }],
    ['with a value out of range', { ...TASK, training: { epochs: 0 } }],
    ['that breaks a rule', { ...TASK, classes: ['良品', '良品'] }],
    ['that is none at all', 'task'],
    ['that is nothing', null],
  ])('%s is no newer one', (_what, task) => {
    expect(newerThanKnown(task)).toBeNull();
  });

  it('is not what a right one is taken for', () => {
    expect(newerThanKnown(TASK)).toBeNull();
  });
});
