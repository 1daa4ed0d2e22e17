import '@tensorflow/tfjs-backend-cpu';
// Brings the gradients of all operations along.
import '@tensorflow/tfjs-layers';
import { seededRandom } from '@genba/shared/model/random';
import { grad, image, mul, setBackend, sum, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { replaceUpsamplingGradient } from './cpu-upsampling-gradient.ts';

type Shape = [number, number, number, number];

beforeAll(async () => {
  await setBackend('cpu');
  replaceUpsamplingGradient();
});

const enlarge = ([, height, width]: Shape, factor: number) => {
  const size: [number, number] = [height * factor, width * factor];
  return (pictures: Tensor4D) => image.resizeNearestNeighbor(pictures, size);
};

it('is what the loss changes by, for pictures of any size, number and depth', () => {
  const length = fc.integer({ min: 1, max: 5 });
  const shapes = fc.tuple(fc.integer({ min: 1, max: 4 }), length, length, fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(shapes, fc.constantFrom(1, 2, 3), fc.integer(), (shape, factor, seed) => {
      const [count, height, width, depth] = shape;
      const random = seededRandom(seed);
      const drawn = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
      const size = count * height * width * depth;
      const enlarged: Shape = [count, height * factor, width * factor, depth];
      const pictures = drawn(size);
      const weights = drawn(size * factor * factor);
      const { values, sums } = tidy(() => {
        const upsample = enlarge(shape, factor);
        const by = tensor4d(weights, enlarged);
        const lossOf = (inputs: Float32Array) =>
          sum(mul(upsample(tensor4d(inputs, shape)), by)).dataSync()[0]!;
        // The loss is linear: one pixel changed by 1 changes it by its gradient.
        const base = lossOf(pictures);
        const changes = Float32Array.from(pictures, (_, place) => {
          return lossOf(pictures.map((pixel, at) => (at === place ? pixel + 1 : pixel))) - base;
        });
        const found = grad((inputs) => upsample(inputs as Tensor4D))(tensor4d(pictures, shape), by);
        return { values: found.dataSync<'float32'>(), sums: changes };
      });
      expect(values).toHaveLength(size);
      values.forEach((value, place) => {
        expect(value).toBeCloseTo(sums[place]!, 4);
      });
    }),
    { numRuns: 40 },
  );
});

it('refuses corners that are aligned, which no layer of ours asks for', () => {
  const aligned = (pictures: Tensor4D) => image.resizeNearestNeighbor(pictures, [4, 4], true);
  const pictures = tensor4d(new Float32Array(4), [1, 2, 2, 1]);
  const gradient = tensor4d(new Float32Array(16), [1, 4, 4, 1]);
  expect(() => grad((inputs) => aligned(inputs as Tensor4D))(pictures, gradient)).toThrow('alignCorners');
});
