import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@genba/shared/model/random';
import {
  add,
  matMul,
  memory,
  type Rank,
  setBackend,
  sum,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { describeIfAvailable } from '../../tools/requirements.ts';
import { chooseBackend } from './backends.ts';
import { sampleTask } from './fixtures.ts';
import { type NativeBinding, nativeBackend } from './native-graph/native-backend.ts';

/** Relative to the largest element: the backends sum in float32 and float64. */
const TOLERANCE = 1e-5;
const RUNS = { numRuns: 40 };
const length = fc.integer({ min: 1, max: 6 });
const shapes = (longest: number) => fc.array(length, { minLength: 1, maxLength: longest });

function drawn(shape: readonly number[], seed: number): Tensor {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
  return tensor<Rank>(values, [...shape]);
}

interface Outcome {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

async function on(backend: 'cpu' | 'tensorflow', work: () => Tensor): Promise<Outcome> {
  await setBackend(backend);
  return tidy(() => {
    const result = work();
    return { shape: result.shape, values: result.dataSync<'float32'>() };
  }) as unknown as Outcome;
}

/** Native TensorFlow makes the same as plain JavaScript. */
async function expectAlike(work: () => Tensor): Promise<void> {
  const native = await on('tensorflow', work);
  const plain = await on('cpu', work);
  expect(native.shape).toEqual(plain.shape);
  const scale = Math.max(1, ...plain.values.map(Math.abs));
  plain.values.forEach((value, i) => {
    expect(Math.abs(native.values[i]! - value)).toBeLessThan(TOLERANCE * scale);
  });
}

/** The operations that TensorFlow is asked for meanwhile, without those that only name a shape. */
async function operationsOf(work: () => Tensor): Promise<string[]> {
  await setBackend('tensorflow');
  const native = nativeBackend();
  const real = native.binding;
  const asked: string[] = [];
  const executeOp: NativeBinding['executeOp'] = (operation, ...rest) => {
    asked.push(operation);
    return real.executeOp(operation, ...rest);
  };
  native.binding = Object.create(real, { executeOp: { value: executeOp } }) as NativeBinding;
  try {
    tidy(work);
  } finally {
    native.binding = real;
  }
  return asked.filter((operation) => operation !== 'Reshape');
}

describeIfAvailable('native-tensorflow', 'kernels of native TensorFlow', () => {
  beforeAll(async () => {
    await chooseBackend(sampleTask(), 'tensorflow');
  });

  it('multiply matrices, turned or not, and batches of them', async () => {
    const products = fc.record({
      batch: fc.constantFrom([], [1], [3], [2, 3]),
      rows: length,
      inner: length,
      columns: length,
      turned: fc.tuple(fc.boolean(), fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(products, async ({ batch, rows, inner, columns, turned: [first, second] }) => {
        const a = first ? [inner, rows] : [rows, inner];
        const b = second ? [columns, inner] : [inner, columns];
        await expectAlike(() =>
          matMul(drawn([...batch, ...a], 1), drawn([...batch, ...b], 2), first, second),
        );
      }),
      RUNS,
    );
  });

  it('add what fits by broadcasting', async () => {
    const pairs = shapes(4).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        kept: fc.integer({ min: 0, max: shape.length }),
        flattened: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        isTurned: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(pairs, async ({ shape, kept, flattened, isTurned }) => {
        const other = shape.slice(shape.length - kept).map((side, axis) => (flattened[axis] ? 1 : side));
        await expectAlike(() => {
          const [a, b] = [drawn(shape, 1), drawn(other, 2)];
          return isTurned ? add(b, a) : add(a, b);
        });
      }),
      RUNS,
    );
  });

  it('sum over any axes', async () => {
    const sums = shapes(4).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axes: fc.subarray([...shape.keys()]),
        isKept: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sums, async ({ shape, axes, isKept }) => {
        await expectAlike(() => sum(drawn(shape, 1), axes, isKept));
      }),
      RUNS,
    );
  });

  it('are those that TensorFlow has made fast', async () => {
    expect(await operationsOf(() => matMul(drawn([1, 3, 4], 1), drawn([1, 4, 2], 2)))).toEqual(['MatMul']);
    expect(await operationsOf(() => add(drawn([2, 3, 3, 4], 1), drawn([4], 2)))).toEqual(['BiasAdd']);
    expect(await operationsOf(() => sum(drawn([2, 3, 3, 4], 1), [0, 1, 2]))).toEqual(['BiasAddGrad']);
  });

  it('leave nothing behind', async () => {
    await setBackend('tensorflow');
    const before = memory().numTensors;
    const [a, b] = [drawn([1, 3, 4], 1), drawn([1, 4, 2], 2)];
    const product = matMul(a, b);
    expect(memory().numTensors).toBe(before + 3);
    for (const each of [a, b, product]) each.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
