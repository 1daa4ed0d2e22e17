import { AppError } from '@genba/shared/errors/app-error';
import type { MethodSurvey } from '@genba/shared/local-api/methods';
import { parseTask } from '@genba/shared/model/task';
import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BackendName, BackendSpeed } from '../../trainer/messages.ts';
import { type AgentSettings, SettingsStore } from '../store/settings.ts';
import { TrainingMethods } from './training-methods.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [4] },
});

let settings: AgentSettings;
/** What each method does when it is measured. */
let speeds: Partial<Record<BackendName, BackendSpeed | AppError>>;
let measured: BackendName[];
let closedCount: number;

beforeEach(() => {
  settings = SettingsStore.defaults('plant');
  speeds = {
    tensorflow: { examplesPerSecond: 1000 },
    webgpu: {
      device: { name: 'Radeon 780M', driver: '', isSoftware: false },
      examplesPerSecond: 14_000,
    },
    wasm: { examplesPerSecond: 1500 },
  };
  measured = [];
  closedCount = 0;
});

function methods(appVersion = '1.0.0'): TrainingMethods {
  return new TrainingMethods({
    appVersion,
    settings: () => settings,
    keepSurvey: (methodSurvey: MethodSurvey | null) => {
      settings = { ...settings, methodSurvey };
    },
    startTrainer: () => ({
      measure: async (_task, name) => {
        measured.push(name);
        const speed = speeds[name] ?? new AppError('trainer/no-backend');
        if (speed instanceof AppError) throw speed;
        return speed;
      },
      close: async () => {
        closedCount += 1;
      },
    }),
    onChange: () => {},
    log: pino({ level: 'silent' }),
  });
}

describe('the training methods', () => {
  it('are measured once, each in a process of its own, and tried fastest first', async () => {
    expect(await methods().choose(TASK)).toEqual({
      backend: null,
      order: ['webgpu', 'wasm', 'tensorflow', 'cpu'],
    });
    expect(measured).toEqual(['tensorflow', 'webgpu', 'wasm']);
    expect(closedCount).toBe(3);
    const later = methods();
    expect((await later.choose(TASK)).order?.[0]).toBe('webgpu');
    expect(measured).toHaveLength(3);
    expect(later.timesFaster('webgpu')).toBeCloseTo(14_000 / 1500);
    expect(later.timesFaster('wasm')).toBeNull();
  });

  it('are measured again for another model, another version, and on demand', async () => {
    await methods().choose(TASK);
    await methods('1.0.1').choose(TASK);
    expect(measured).toHaveLength(6);
    const later = methods('1.0.1');
    await later.choose({ ...TASK, model: { ...TASK.model, hiddenUnits: [5] } as typeof TASK.model });
    expect(measured).toHaveLength(9);
    later.measureAgain();
    await later.choose(TASK);
    expect(measured).toHaveLength(12);
  });

  it('say why one cannot be used, and train with what is left', async () => {
    speeds = {
      tensorflow: new AppError('trainer/crashed', { detail: 'signal SIGSEGV' }),
      webgpu: new AppError('trainer/no-backend', { detail: 'this PC has none' }),
    };
    const all = methods();
    expect(await all.choose(TASK)).toEqual({ backend: null, order: ['cpu'] });
    expect(all.report(null).survey?.methods).toEqual([
      { name: 'tensorflow', device: null, examplesPerSecond: null, reason: 'signal SIGSEGV' },
      { name: 'webgpu', device: null, examplesPerSecond: null, reason: 'this PC has none' },
      { name: 'wasm', device: null, examplesPerSecond: null, reason: 'trainer/no-backend' },
    ]);
  });

  it('give a graphics processor up at its first death, the processor itself at the second in a row', async () => {
    const all = methods();
    await all.choose(TASK);
    const gpu = {
      name: 'webgpu',
      device: 'Radeon 780M',
      reason: 'the graphics processor was lost',
      deathsInARow: 1,
    } as const;
    expect(all.died(gpu)).toBe(true);
    expect((await all.choose(TASK)).order).toEqual(['wasm', 'tensorflow', 'cpu']);
    expect(all.note).toBe('webgpu was given up: the graphics processor was lost.');
    expect(all.report('wasm').failed).toEqual([{ name: 'webgpu', reason: gpu.reason }]);

    const wasm = { name: 'wasm', device: null, reason: 'signal SIGKILL' } as const;
    expect(all.died({ ...wasm, deathsInARow: 1 })).toBe(false);
    expect(all.died({ ...wasm, deathsInARow: 2 })).toBe(true);
    expect((await all.choose(TASK)).order).toEqual(['tensorflow', 'cpu']);
  });

  it('never give up the one that needs the least', async () => {
    const all = methods();
    for (let death = 0; death < 5; death++)
      expect(all.died({ name: 'cpu', device: null, reason: 'signal SIGKILL', deathsInARow: death + 1 })).toBe(
        false,
      );
    expect((await all.choose(TASK)).order?.at(-1)).toBe('cpu');
  });

  it('use the one that was chosen, and the fastest other when that has failed', async () => {
    settings = { ...settings, backend: 'webgpu' };
    const all = methods();
    expect(await all.choose(TASK)).toEqual({ backend: 'webgpu' });
    expect(measured).toEqual([]);
    all.measureAgain();
    expect(await all.choose(TASK)).toEqual({ backend: 'webgpu' });
    expect(measured).toHaveLength(3);
    await all.choose(TASK);
    expect(measured).toHaveLength(3);
    all.died({ name: 'webgpu', device: 'Radeon 780M', reason: 'lost', deathsInARow: 1 });
    expect(await all.choose(TASK)).toEqual({ backend: null, order: ['wasm', 'tensorflow', 'cpu'] });
    all.chosen('webgpu');
    expect(await all.choose(TASK)).toEqual({ backend: 'webgpu' });
  });

  it('end a measurement when the agent stops, and keep nothing of it', async () => {
    const all = methods();
    const choice = all.choose(TASK);
    await all.close();
    await expect(choice).rejects.toMatchObject({ code: 'trainer/cancelled' });
    expect(settings.methodSurvey).toBeNull();
  });
});
