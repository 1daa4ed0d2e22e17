import { afterEach, describe, expect, it, vi } from 'vitest';
import { allKernels } from '../testing.ts';
import { fastestKernels } from './fastest-kernels.ts';
import { POOL_NAME_BYTES } from './kernels.ts';
import { plainKernels } from './plain-kernels.ts';
import { SimdKernels } from './simd-kernels.ts';

describe.each(allKernels())('vector pool of $name kernels', (kernels) => {
  it('gives vectors of its length that are apart from each other', () => {
    const pool = kernels.createPool(3, 17);
    const vectors = [pool.take(), pool.take(), pool.take()];
    vectors.forEach((vector, index) => {
      vector.fill(index + 1);
    });
    expect(vectors.map((vector) => [vector.length, ...new Set(vector)])).toEqual([
      [17, 1],
      [17, 2],
      [17, 3],
    ]);
  });

  it('still gives vectors when it is used up, and again its own when they are given back', () => {
    const pool = kernels.createPool(1, 4);
    const kept = pool.take().fill(7);
    const beyond = pool.take().fill(8);
    expect(beyond.buffer).not.toBe(kept.buffer);
    pool.keepOnly([kept]);
    pool.take().fill(9);
    expect([...kept]).toEqual([7, 7, 7, 7]);
  });

  it('puts results beside their inputs, of any other length elsewhere', () => {
    const pool = kernels.createPool(2, 4);
    const first = pool.take();
    expect(kernels.vectorBeside(first)).toHaveLength(4);
    expect(kernels.vectorBeside(first.subarray(1))).toHaveLength(3);
    expect(kernels.vectorBeside(new Float32Array(5))).toHaveLength(5);
  });

  it.each([
    [0, 4],
    [2, 0],
  ])('can hold %i vectors of %i elements', (count, length) => {
    expect(kernels.createPool(count, length).take()).toHaveLength(length);
  });
});

describe('SIMD kernels', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('put a result into the pool of its input, and reuse what is no longer kept', () => {
    const kernels = SimdKernels.create()!;
    const pool = kernels.createPool(2, 4);
    const input = pool.take();
    const result = kernels.vectorBeside(input);
    expect(result.buffer).toBe(input.buffer);
    expect(kernels.vectorBeside(input).buffer).not.toBe(input.buffer);
    pool.keepOnly([input]);
    expect(kernels.vectorBeside(input).byteOffset).toBe(result.byteOffset);
  });

  it('know vectors of a shared pool again that a thread has sent', () => {
    const kernels = SimdKernels.create()!;
    const [pool, other] = [1, 2].map((byte) =>
      kernels.createPool(2, 5000, { sharedAs: new Uint8Array(POOL_NAME_BYTES).fill(byte) }),
    );
    const [first, second] = [pool!.take(), pool!.take()];
    expect(first.byteOffset % 4096).toBe(0);
    const sent = structuredClone(second);
    expect(sent.buffer).not.toBe(second.buffer);
    second.fill(7);
    expect(sent[4999]).toBe(7);
    expect(pool!.find(sent)).toBe(second);
    expect(pool!.find(new Uint8Array(sent.buffer, sent.byteOffset, sent.byteLength))).toBe(second);
    expect(pool!.find(sent.subarray(1))).toBeNull();
    expect(other!.find(sent)).toBeNull();
    expect(pool!.find(new Float32Array(5000))).toBeNull();
    expect(pool!.find(new Float32Array(new SharedArrayBuffer(20_000)))).toBeNull();
    expect(kernels.createPool(1, 4).find(sent)).toBeNull();
  });

  it('sweep shared memory where it lies, to the same bits', () => {
    const kernels = SimdKernels.create()!;
    const length = 5003;
    const pool = kernels.createPool(3, length, { sharedAs: new Uint8Array(POOL_NAME_BYTES) });
    const values = [1, 2].map((seed) => Float32Array.from({ length }, (_, index) => Math.sin(seed * index)));
    const [globalWeights, clientWeights] = values.map((each) => {
      const vector = pool.take();
      vector.set(each);
      return vector;
    });
    const range = { start: 1, end: length };
    const target = kernels.vectorBeside(globalWeights!);
    expect(target.buffer).toBe(globalWeights!.buffer);
    target[0] = 0;
    const expected = new Float32Array(length);
    const [plainGlobal, plainClient] = values;
    plainKernels.average({ globalWeights: plainGlobal!, clientWeights: plainClient! }, range, 0.3, expected);
    kernels.average({ globalWeights: globalWeights!, clientWeights: clientWeights! }, range, 0.3, target);
    expect(target).toEqual(expected);
  });

  it('are what is chosen here', () => {
    expect(fastestKernels().name).toBe('simd');
    expect(fastestKernels()).toBe(fastestKernels());
  });

  it('are not to be had without WebAssembly, or where it is forbidden', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(SimdKernels.create()).toBeNull();
    vi.stubGlobal('WebAssembly', {
      Module: class {
        constructor() {
          throw new Error('refused by the content security policy');
        }
      },
    });
    expect(SimdKernels.create()).toBeNull();
  });

  it('pool what no memory can hold as ordinary vectors', () => {
    // 5 vectors of 2^28 float32 are 5 GiB; none is touched, so none is taken from the machine.
    const kernels = SimdKernels.create()!;
    const pool = kernels.createPool(5, 2 ** 28);
    vi.stubGlobal(
      'Float32Array',
      class {
        readonly length: number;
        constructor(length: number) {
          this.length = length;
        }
      },
    );
    expect(pool.take()).toHaveLength(2 ** 28);
  });

  it('reach the upper half of a memory', () => {
    // 3 vectors of 1 GiB, of which only the last 100 elements are touched.
    const kernels = SimdKernels.create()!;
    const length = 2 ** 28;
    const pool = kernels.createPool(3, length);
    const [globalWeights, clientWeights, target] = [pool.take(), pool.take(), pool.take()];
    const range = { start: length - 100, end: length };
    globalWeights.fill(8, range.start);
    clientWeights.fill(4, range.start);
    expect(kernels.average({ globalWeights, clientWeights }, range, 0.25, target)).toBe(false);
    // By hand: 0.75 · 8 + 0.25 · 4 = 7.
    expect([...new Set(target.subarray(range.start))]).toEqual([7]);
    expect(target[range.start - 1]).toBe(0);
  });

  it('give back the memory of pools that nobody uses', () => {
    const kernels = SimdKernels.create()!;
    // 1.6 GiB in all. Nothing is freed by hand: what bounds it is when the collector comes by.
    for (let i = 0; i < 100; i++)
      kernels
        .createPool(1, 2 ** 22)
        .take()
        .fill(i);
    expect(process.memoryUsage().rss).toBeLessThan(2 ** 30);
  });
});
