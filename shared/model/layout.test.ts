import { describe, expect, it } from 'vitest';
import { initialWeights } from './initial-weights.ts';
import { weightLayout } from './layout.ts';
import { seededRandom } from './random.ts';
import { parseTask } from './task.ts';

const TASK = parseTask({
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  input: { kind: 'image', width: 9, height: 6, channels: 3 },
  classes: ['A', 'B'],
  model: { template: 'small-cnn', filters: [4], denseUnits: 5, batchNormalisation: true },
});

describe('weightLayout', () => {
  it('lays the tensors end to end, in the order of the layers', () => {
    // By hand: 3·3·3·4 = 108, bias 4, four normalisation vectors of 4; pooled 6×9 → 3×4, so 3·4·4 = 48 inputs
    // to 5 units; 5 units to 2 classes.
    const { tensors, size } = weightLayout(TASK);
    expect(tensors.map(({ name, shape, offset }) => [name, shape, offset])).toEqual([
      ['convolution1/kernel', [3, 3, 3, 4], 0],
      ['convolution1/bias', [4], 108],
      ['normalisation1/gamma', [4], 112],
      ['normalisation1/beta', [4], 116],
      ['normalisation1/moving_mean', [4], 120],
      ['normalisation1/moving_variance', [4], 124],
      ['hidden1/kernel', [48, 5], 128],
      ['hidden1/bias', [5], 368],
      ['logits/kernel', [5, 2], 373],
      ['logits/bias', [2], 383],
    ]);
    expect(size).toBe(385);
  });

  it('tells which weights each client keeps for itself', () => {
    const roles = Object.groupBy(weightLayout(TASK).tensors, ({ role }) => role);
    expect(roles.normalisation?.map(({ name }) => name)).toEqual([
      'normalisation1/gamma',
      'normalisation1/beta',
    ]);
    expect(roles.statistic?.map(({ name }) => name)).toEqual([
      'normalisation1/moving_mean',
      'normalisation1/moving_variance',
    ]);
  });
});

describe('networks of the literature', () => {
  const sizeOf = (side: number, channels: number, model: object, template: string) =>
    weightLayout(
      parseTask({
        ...TASK,
        input: { kind: 'image', width: side, height: side, channels },
        classes: [...'0123456789'],
        model: { template, ...model },
      }),
    ).size;

  it('have the number of weights that is known of them', () => {
    // LeNet-5 on 28×28 grey images: 156 + 2,416 + 48,120 + 10,164 + 850. VGG-11 on 32×32 in colour, by hand:
    // nine times the products of neighbouring filters, the biases, and 512·10 + 10.
    expect(sizeOf(28, 1, {}, 'lenet-5')).toBe(61_706);
    expect(sizeOf(32, 3, {}, 'vgg-11')).toBe(9_225_610);
  });

  it('have the weights that a hand counts, where they have shortcuts', () => {
    // stem 9·2+2; block 1 (2 → 4 → 2): 12 + 40 + 10; block 2 (2 → 4 → 3, no shortcut): 12 + 40 + 15; head (3 → 6): 24;
    // logits 6·10 + 10.
    const mobilenet = { filters: [2, 3], blocks: 1, expansion: 2 };
    expect(sizeOf(16, 1, mobilenet, 'mobilenet')).toBe(20 + 62 + 67 + 24 + 70);
    const resnet = parseTask({
      ...TASK,
      input: { kind: 'series', columns: ['x'], windowRows: 8, strideRows: 8, labelColumn: 'y' },
      model: { template: 'resnet-1d', filters: [2, 3], blocks: 1, kernelSize: 4 },
    });
    // stem 4·2+2; block 1: twice 4·2·2+2; block 2: 4·2·3+3, 4·3·3+3, shortcut 2·3+3; logits 3·2+2.
    expect(weightLayout(resnet).size).toBe(10 + 36 + 27 + 39 + 9 + 8);
  });

  it('start blocks with a shortcut as that shortcut, and no other kernel at zero', () => {
    const task = parseTask({ ...TASK, model: { template: 'mobilenet', filters: [2, 3], expansion: 2 } });
    const layout = weightLayout(task);
    const weights = initialWeights(layout, 1);
    const silent = layout.tensors.filter(
      ({ name, offset, size }) =>
        name.endsWith('kernel') && weights.subarray(offset, offset + size).every((value) => value === 0),
    );
    expect(silent.map(({ layer }) => layer)).toEqual(['block1project', 'block2project', 'block4project']);
  });

  it('refuse inputs that they are not made for', () => {
    expect(() => parseTask({ ...TASK, model: { template: 'resnet-1d', filters: [2] } })).toThrow(
      'resnet-1d needs input.kind "series"',
    );
    const input = { kind: 'table', columns: ['x'], labelColumn: 'y' };
    expect(() => parseTask({ ...TASK, input, model: { template: 'mobilenet', filters: [2] } })).toThrow(
      'mobilenet needs input.kind "image"',
    );
  });

  it('refuse images of which pooling would leave nothing', () => {
    expect(sizeOf(12, 1, {}, 'lenet-5')).toBeGreaterThan(0);
    expect(() => sizeOf(11, 1, {}, 'lenet-5')).toThrow('at least 12×12');
    expect(() => sizeOf(31, 1, {}, 'vgg-11')).toThrow('at least 32×32');
  });
});

describe('initialWeights', () => {
  const layout = weightLayout(TASK);
  const slice = (weights: Float32Array, name: string) => {
    const { offset, size } = layout.tensors.find((tensor) => tensor.name === name)!;
    return weights.subarray(offset, offset + size);
  };

  it('are the same for the same seed, and others for another', () => {
    expect(initialWeights(layout, 7)).toEqual(initialWeights(layout, 7));
    expect(initialWeights(layout, 7)).not.toEqual(initialWeights(layout, 8));
  });

  it('fill kernels within the limit of Glorot and Bengio, on both sides', () => {
    const kernel = slice(initialWeights(layout, 1), 'hidden1/kernel');
    // By hand: √(6 / (48 + 5)) = 0.33646.
    const largest = Math.max(...kernel.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.33647);
    expect(largest).toBeGreaterThan(0.3);
    expect(kernel.some((value) => value < 0) && kernel.some((value) => value > 0)).toBe(true);
  });

  it('start biases and means at 0, scales and variances at 1', () => {
    const weights = initialWeights(layout, 1);
    for (const name of ['hidden1/bias', 'normalisation1/beta', 'normalisation1/moving_mean']) {
      expect(slice(weights, name).every((value) => value === 0)).toBe(true);
    }
    for (const name of ['normalisation1/gamma', 'normalisation1/moving_variance']) {
      expect(slice(weights, name).every((value) => value === 1)).toBe(true);
    }
  });
});

describe('seededRandom', () => {
  it('spreads evenly over [0, 1)', () => {
    const random = seededRandom(42);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) counts[Math.floor(random() * 10)]! += 1;
    // 10,000 expected in each tenth; the standard deviation is 95, so 500 is more than five of them.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('starts apart for neighbouring seeds', () => {
    const firsts = Array.from({ length: 1000 }, (_, seed) => seededRandom(seed)());
    expect(new Set(firsts).size).toBe(1000);
    const mean = firsts.reduce((total, value) => total + value, 0) / 1000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });
});
