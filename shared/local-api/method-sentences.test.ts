import { expect, it } from 'vitest';
import { methodSentences } from './method-sentences.ts';
import type { MethodReport } from './methods.ts';

const REPORT: MethodReport = {
  requested: null,
  inUse: 'webgpu',
  isMeasuring: false,
  failed: [],
  survey: {
    subject: 'x',
    measuredAt: '2026-11-26T00:00:00.000Z',
    methods: [
      { name: 'tensorflow', device: null, examplesPerSecond: 2000.4, reason: null },
      { name: 'webgpu', device: 'Radeon 780M', examplesPerSecond: 28_000, reason: null },
      { name: 'wasm', device: null, examplesPerSecond: null, reason: 'it lacks X.' },
    ],
  },
};

it('says how much faster the GPU is, and what cannot be used', () => {
  expect(methodSentences(REPORT, 'en')).toEqual([
    'Method: the fastest that works',
    'Native TensorFlow: 2,000 examples per second',
    'GPU (WebGPU): Radeon 780M, 28,000 examples per second, 14 × faster than without GPU, in use',
    'WebAssembly: cannot be used: it lacks X.',
  ]);
  expect(methodSentences(REPORT, 'ja')[2]).toBe(
    'GPU（WebGPU）：Radeon 780M、毎秒28,000件、GPUを使わない場合の14倍の速さ、使用中',
  );
});

it('says that one was given up, or that nothing was measured yet', () => {
  const failed = [{ name: 'webgpu', reason: 'lost' } as const];
  expect(methodSentences({ ...REPORT, inUse: 'tensorflow', failed }, 'en')[2]).toContain(
    'given up, it ended the training: lost',
  );
  expect(methodSentences({ ...REPORT, requested: 'cpu', inUse: null, survey: null }, 'en')).toEqual([
    'Method: Plain calculation, chosen by a person',
    'Not measured, because one was chosen.',
  ]);
});
