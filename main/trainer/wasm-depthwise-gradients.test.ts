import '@tensorflow/tfjs-backend-cpu';
// Brings the gradients of all operations along.
import '@tensorflow/tfjs-layers';
import { seededRandom } from '@genba/shared/model/random';
import {
  depthwiseConv2d,
  grads,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { locateWasmFiles } from './wasm-backend.ts';
import { registerDepthwiseGradients } from './wasm-depthwise-gradients.ts';

/** Relative to the largest element: the backends sum in float32 and float64. */
const TOLERANCE = 1e-5;

interface Convolution {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly stride: number;
  readonly pad: 'same' | 'valid';
}

/** Gradients by image and filter on one backend, for random ones and a random gradient of the output. */
async function gradientsOn(backend: 'cpu' | 'wasm', { x, filter, stride, pad }: Convolution) {
  await setBackend(backend);
  const random = seededRandom(1);
  const drawn = (shape: readonly number[]) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5);
  const image = tensor4d(drawn(x), x);
  const kernel = tensor4d(drawn(filter), filter);
  const convolve = (a: Tensor, b: Tensor) => depthwiseConv2d(a as Tensor4D, b as Tensor4D, stride, pad);
  const { shape } = convolve(image, kernel);
  const found = grads(convolve)([image, kernel], tensor4d(drawn(shape), shape as typeof x));
  return found.map((gradient) => ({ shape: gradient.shape, values: gradient.dataSync() }));
}

beforeAll(() => {
  locateWasmFiles();
  registerDepthwiseGradients();
});

describe('the gradients of a depthwise convolution on WebAssembly', () => {
  it('are those of the plain backend, whatever the sizes', { timeout: 60_000 }, async () => {
    const length = fc.integer({ min: 1, max: 7 });
    const convolutions = fc
      .record({
        batch: fc.integer({ min: 1, max: 3 }),
        height: length,
        width: length,
        kernel: fc.constantFrom(1, 2, 3),
        channels: fc.integer({ min: 1, max: 4 }),
        multiplier: fc.constantFrom(1, 2),
        stride: fc.constantFrom(1, 2),
        pad: fc.constantFrom('same' as const, 'valid' as const),
      })
      .filter(({ pad, kernel, height, width }) => pad === 'same' || kernel <= Math.min(height, width));
    await fc.assert(
      fc.asyncProperty(convolutions, async (drawn) => {
        const { batch, height, width, kernel, channels, multiplier, stride, pad } = drawn;
        const convolution: Convolution = {
          x: [batch, height, width, channels],
          filter: [kernel, kernel, channels, multiplier],
          stride,
          pad,
        };
        const plain = await gradientsOn('cpu', convolution);
        const wasm = await gradientsOn('wasm', convolution);
        expect(wasm.map(({ shape }) => shape)).toEqual(plain.map(({ shape }) => shape));
        wasm.forEach(({ values }, which) => {
          const expected = plain[which]!.values;
          const scale = Math.max(1, ...expected.map(Math.abs));
          values.forEach((value, i) => {
            expect(Math.abs(value - expected[i]!)).toBeLessThan(TOLERANCE * scale);
          });
        });
      }),
      { numRuns: 40 },
    );
  });
});
