import '@tensorflow/tfjs-backend-wasm';
import { getKernel, MaxPoolGrad, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeIfAvailable } from '../../tools/requirements.ts';
import { chooseBackend } from './backends.ts';
import { sampleTask } from './fixtures.ts';

const mlp = sampleTask();
const cnn = sampleTask({ model: { template: 'small-cnn', filters: [2], denseUnits: 4 } });

const mobilenet = sampleTask({ model: { template: 'mobilenet', filters: [2, 3], expansion: 2 } });
const resnet = sampleTask({
  input: { kind: 'series', columns: ['x', 'y'], windowRows: 9, strideRows: 9, labelColumn: 'state' },
  model: { template: 'resnet-1d', filters: [2, 3] },
});

describe('chooseBackend', () => {
  it.each([
    ['wasm', 'an MLP', mlp],
    ['wasm', 'a CNN', cnn],
    ['wasm', 'a MobileNet', mobilenet],
    ['wasm', 'a ResNet', resnet],
    ['cpu', 'an MLP', mlp],
    ['cpu', 'a CNN', cnn],
  ] as const)('uses %s for %s when asked to', async (name, _model, task) => {
    expect(await chooseBackend(task, name)).toEqual({ name, isRequested: true, note: null });
  });
});

describe('chooseBackend without native TensorFlow', () => {
  const loadNothing = {
    loadNative: () => Promise.reject(new Error("Cannot find package '@tensorflow/tfjs-node'\nstack")),
    loadGpu: () => Promise.reject(new Error('no card')),
  };
  const missing = "Native TensorFlow could not be loaded: Cannot find package '@tensorflow/tfjs-node'.";

  it.each([
    ['an MLP', mlp],
    ['a CNN', cnn],
  ])('falls to WebAssembly for %s and says why', async (_name, task) => {
    expect(await chooseBackend(task, null, loadNothing)).toEqual({
      name: 'wasm',
      isRequested: false,
      note: `${missing} WebGPU could not be loaded: no card.`,
    });
  });

  it('fails when it is asked for', async () => {
    await expect(chooseBackend(mlp, 'tensorflow', loadNothing)).rejects.toMatchObject({
      code: 'trainer/no-backend',
      detail: missing,
    });
  });
});

describe('chooseBackend with a backend that loads but cannot train the model', () => {
  const refuse = () => Promise.reject(new Error('not here'));
  const loadNothing = { loadNative: refuse, loadGpu: refuse };
  const reason = 'WebAssembly cannot train this model: it lacks MaxPoolGrad.';
  const kernel = getKernel(MaxPoolGrad, 'wasm')!;
  beforeAll(() => unregisterKernel(MaxPoolGrad, 'wasm'));
  afterAll(() => registerKernel(kernel));

  it('falls on to plain JavaScript and gives both reasons', async () => {
    expect(await chooseBackend(cnn, null, loadNothing)).toEqual({
      name: 'cpu',
      isRequested: false,
      note: `Native TensorFlow could not be loaded: not here. WebGPU could not be loaded: not here. ${reason}`,
    });
  });

  it('refuses it when asked for it, and says why', async () => {
    await expect(chooseBackend(cnn, 'wasm')).rejects.toMatchObject({
      code: 'trainer/no-backend',
      detail: reason,
    });
  });
});

describeIfAvailable('native-tensorflow', 'chooseBackend with native TensorFlow', () => {
  it.each([
    ['an MLP', mlp],
    ['a CNN', cnn],
    ['a MobileNet', mobilenet],
    ['a ResNet', resnet],
  ])('prefers it for %s, without a note', async (_name, task) => {
    expect(await chooseBackend(task, null)).toEqual({ name: 'tensorflow', isRequested: false, note: null });
  });
});
