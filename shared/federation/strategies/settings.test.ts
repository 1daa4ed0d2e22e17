import { describe, expect, it } from 'vitest';
import { parseTask } from '../../model/task.ts';
import { strategySettingsSchema } from './settings.ts';

const parse = (candidate: unknown) => strategySettingsSchema.parse(candidate);

describe('strategySettingsSchema', () => {
  it.each([
    {},
    { strategy: 'orthofl' },
    { strategy: 'orthofl', reference: 'relay', mixingWeight: 0.03, stalenessExponent: 0 },
    { reference: 'average', grouping: 'tensor' },
    {
      strategy: 'orthofl',
      reference: 'average',
      mixingWeight: 0.25,
      stalenessExponent: 2,
      grouping: 'model',
    },
  ])('reads the federation settings of existing task files as they were: %j', (federation) => {
    const task = parseTask({
      id: 'welds',
      name: { en: 'Welds', ja: '溶接' },
      input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
      classes: ['OK', 'NG'],
      model: { template: 'mlp', hiddenUnits: [] },
      federation,
    });
    expect(parse(federation)).toStrictEqual(task.federation);
    // A task that has been parsed travels to the clients and is parsed there again.
    expect(parse(task.federation)).toStrictEqual(task.federation);
  });

  it('fills in the defaults of each strategy', () => {
    expect(parse({ strategy: 'orthofl', memory: {} })).toMatchObject({ memory: { rate: 0.35, halfLife: 8 } });
    expect(parse({ strategy: 'fedasync' })).toEqual({
      strategy: 'fedasync',
      mixingWeight: 0.6,
      staleness: { kind: 'polynomial', exponent: 0.5 },
      proximalCoefficient: 0,
    });
    expect(parse({ strategy: 'fedasync', staleness: { kind: 'hinge' } })).toMatchObject({
      staleness: { kind: 'hinge', slope: 10, grace: 4 },
    });
    expect(parse({ strategy: 'fedbuff' })).toMatchObject({ bufferSize: 3, serverRate: 1 });
    expect(parse({ strategy: 'ca2fl' })).toEqual({ strategy: 'ca2fl', bufferSize: 3, serverRate: 0.5 });
    expect(parse({ strategy: 'fedavg' })).toEqual({
      strategy: 'fedavg',
      deadlineMs: 1_800_000,
      weighting: 'examples',
      lateUpdates: 'carry',
    });
    expect(parse({ strategy: 'fedprox' })).toMatchObject({ proximalCoefficient: 0.01 });
  });

  it.each([
    [{ strategy: 'fedavg2' }],
    [{ strategy: null }],
    [{ mixingWeight: 0 }],
    [{ strategy: 'fedbuff', reference: 'relay' }],
    [{ strategy: 'fedbuff', bufferSize: 0 }],
    [{ strategy: 'fedasync', staleness: { kind: 'linear' } }],
    [{ strategy: 'fedavg', deadlineMs: 999 }],
    [{ strategy: 'fedavg', proximalCoefficient: 0.1 }],
    [{ strategy: 'orthofl', reference: 'average', memory: {} }],
    [{ strategy: 'orthofl', calibratedBy: 'client' }],
    [{ strategy: 'orthofl', calibratedBy: 'auto' }],
    [{ strategy: 'orthofl', reference: 'average', calibrationLimit: 10 }],
    [{ strategy: 'orthofl', reference: 'average', calibratedBy: 'auto', calibrationLimit: 0 }],
    [{ strategy: 'orthofl', memory: { rate: 1 } }],
    [null],
    ['orthofl'],
    [[]],
  ])('refuses %j', (candidate) => {
    expect(strategySettingsSchema.safeParse(candidate).success).toBe(false);
  });
});
