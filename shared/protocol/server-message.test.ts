import { describe, expect, it } from 'vitest';
import { parseServerMessage } from './server-message.ts';

const WELCOME = {
  type: 'welcome',
  protocol: 1,
  task: {
    id: 'parts',
    name: { en: 'Parts', ja: '部品' },
    input: { kind: 'image', width: 8, height: 8, channels: 1 },
    classes: ['良品', '不良'],
    model: { template: 'mlp', hiddenUnits: [4] },
  },
  globalVersion: 3,
  dataChunkBytes: 262_144,
  baseId: null,
  security: 'enrolled',
};
const NEWER = { ...WELCOME.task, model: { template: 'vit', depth: 3 } };

const parse = (message: object) => () => parseServerMessage(JSON.stringify(message));

describe('a message of an aggregator', () => {
  it('is read', () => {
    expect(parse(WELCOME)()).toMatchObject({ type: 'welcome', task: { id: 'parts' } });
  });

  it('with a task of a newer version says so', () => {
    const detail = 'not known here: model.template "vit"';
    expect(parse({ ...WELCOME, task: NEWER })).toThrow(
      expect.objectContaining({ code: 'task/app-too-old', detail }),
    );
  });

  it.each<[what: string, message: object]>([
    ['another field is wrong, too', { ...WELCOME, task: NEWER, globalVersion: -1 }],
    ['the task is wrong', { ...WELCOME, task: { ...WELCOME.task, classes: ['良品'] } }],
    ['it has a field too many', { ...WELCOME, more: 1 }],
    ['it is no welcome', { type: 'challenge', task: NEWER }],
  ])('is a bad one where %s', (_what, message) => {
    expect(parse(message)).toThrow(expect.objectContaining({ code: 'protocol/bad-message' }));
  });
});
