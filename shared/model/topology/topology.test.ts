import { describe, expect, it } from 'vitest';
import { initialWeights } from '../initial-weights.ts';
import { modelLayers } from '../layers.ts';
import { weightLayout } from '../layout.ts';
import { parseTask, type Task } from '../task.ts';

const IMAGE = { kind: 'image', width: 8, height: 6, channels: 3 };

function taskWith(topology: object, rest: object = {}): Task {
  return parseTask({
    id: 'own',
    name: { en: 'Own', ja: '自作' },
    input: IMAGE,
    classes: ['good', 'bad'],
    model: { template: 'layers-model', topology },
    ...rest,
  });
}

const layer = (class_name: string, name: string, config: object = {}) => ({
  class_name,
  config: { name, ...config },
});
const CONV = layer('Conv2D', 'look', {
  filters: 4,
  kernel_size: [3, 3],
  padding: 'same',
  activation: 'relu',
});
const FLAT = layer('Flatten', 'flat');
const OUT = layer('Dense', 'out', { units: 2, activation: 'softmax' });
const chain = (...layers: object[]) => ({ class_name: 'Sequential', config: { layers } });

/** One call of a layer as Keras 3 writes it, and as Keras 2 and TensorFlow.js do. */
const keras3 = (...from: string[]) => {
  const tensors = from.map((name) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 6, 8, 4], dtype: 'float32', keras_history: [name, 0, 0] },
  }));
  return [{ args: tensors.length === 1 ? tensors : [tensors], kwargs: {} }];
};
const keras2 = (...from: string[]) => [from.map((name) => [name, 0, 0, {}])];

function branched(node: (...from: string[]) => object[]) {
  const at = <Entry extends object>(entry: Entry, ...from: string[]) => ({
    ...entry,
    inbound_nodes: node(...from),
  });
  return {
    class_name: 'Functional',
    config: {
      layers: [
        { ...layer('InputLayer', 'photo', { batch_shape: [null, 6, 8, 3] }), inbound_nodes: [] },
        at(CONV, 'photo'),
        // Before what feeds it: only the connections count.
        at(layer('Add', 'sum'), 'look', 'again'),
        at(layer('Conv2D', 'again', { filters: 4, kernel_size: 1, use_bias: false }), 'look'),
        at(layer('GlobalAveragePooling2D', 'mean'), 'sum'),
        at(OUT, 'mean'),
      ],
      output_layers: [['out', 0, 0]],
    },
  };
}

describe('a topology', () => {
  it('gives the layers of a chain, without the softmax at its end', () => {
    expect(modelLayers(taskWith(chain(CONV, FLAT, OUT)))).toEqual([
      {
        ...{ kind: 'conv2d', name: 'look', filters: 4, kernelSize: 3, strides: 1, padding: 'same' },
        ...{ activation: 'relu', start: 'glorotUniform', hasBias: true, from: ['input'] },
      },
      { kind: 'flatten', name: 'flat', from: ['look'] },
      {
        ...{ kind: 'dense', name: 'out', units: 2, activation: 'linear', start: 'glorotUniform' },
        ...{ hasBias: true, from: ['flat'] },
      },
    ]);
    const apart = chain(FLAT, layer('Dense', 'out', { units: 2 }), layer('Softmax', 'share'));
    expect(modelLayers(taskWith(apart)).map(({ name }) => name)).toEqual(['flat', 'out']);
  });

  it.each([
    ['Keras 3', keras3],
    ['Keras 2 and TensorFlow.js', keras2],
  ])('follows branches as %s writes them', (_name, node) => {
    const task = taskWith(branched(node));
    expect(modelLayers(task).map(({ name, from }) => [name, from])).toEqual([
      ['look', ['input']],
      ['again', ['look']],
      ['sum', ['look', 'again']],
      ['mean', ['sum']],
      ['out', ['mean']],
    ]);
    // 3·3·3·4 + 4, then 4·4 without a bias, then 4·2 + 2.
    expect(weightLayout(task).size).toBe(112 + 16 + 10);
    // What travels is read by the other side alike.
    expect(weightLayout(parseTask(JSON.parse(JSON.stringify(task))))).toEqual(weightLayout(task));
  });

  it('takes a normalisation with all that Keras 3.15 writes of one', () => {
    const normalisation = layer('BatchNormalization', 'even', {
      ...{ trainable: true, dtype: { class_name: 'DTypePolicy' }, axis: -1, momentum: 0.99, epsilon: 0.001 },
      ...{ center: true, scale: true, beta_initializer: { class_name: 'Zeros' }, beta_regularizer: null },
      ...{ renorm: false, renorm_clipping: null, renorm_momentum: 0.99, synchronized: false },
    });
    // Four vectors as long as the flat example.
    expect(weightLayout(taskWith(chain(FLAT, normalisation, OUT))).size).toBe(4 * 144 + 144 * 2 + 2);
  });

  const SERIES = {
    kind: 'series',
    columns: ['x', 'y', 'z'],
    windowRows: 10,
    strideRows: 5,
    labelColumn: 'w',
  };
  /** As Keras 3.15 writes it. */
  const memory = (name: string, config: object = {}) =>
    layer('LSTM', name, {
      ...{ trainable: true, dtype: { class_name: 'DTypePolicy' }, units: 4, activation: 'tanh' },
      ...{ recurrent_activation: 'sigmoid', use_bias: true, unit_forget_bias: true, dropout: 0.0 },
      ...{ kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } }, seed: null },
      ...{ recurrent_initializer: { class_name: 'Orthogonal' }, bias_initializer: { class_name: 'Zeros' } },
      ...{ kernel_regularizer: null, recurrent_regularizer: null, recurrent_constraint: null },
      ...{ recurrent_dropout: 0.0, return_sequences: false, return_state: false, go_backwards: false },
      ...{ stateful: false, unroll: false, zero_output_for_mask: false, use_cudnn: 'auto', ...config },
    });

  it('takes memories, one that gives what it knows after each row and one after the last', () => {
    const task = taskWith(chain(memory('rows', { return_sequences: true }), memory('whole'), OUT), {
      input: SERIES,
    });
    const { tensors, size } = weightLayout(task);
    // Four gates each: (3 + 4 + 1)·16, then (4 + 4 + 1)·16, then 4·2 + 2.
    expect(size).toBe(8 * 16 + 9 * 16 + 10);
    expect(tensors.slice(0, 3).map(({ shape }) => shape)).toEqual([[3, 16], [4, 16], [16]]);
    const bias = tensors[2]!;
    const drawn = initialWeights(weightLayout(task), 1);
    // Of input gate, forget gate, cell and output gate: what is remembered is kept to begin with.
    const beginning = [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    expect([...drawn.subarray(bias.offset, bias.offset + bias.size)]).toEqual(beginning);
    expect(new Set(drawn.subarray(0, 48)).size).toBeGreaterThan(40);
  });

  it.each<[string, object, string]>([
    ['what is forgotten at random', memory('m', { recurrent_dropout: 0.2 }), 'recurrent_dropout: must be 0'],
    ['another gate', memory('m', { recurrent_activation: 'hard_sigmoid' }), 'must be "sigmoid"'],
    ['backward reading', memory('m', { go_backwards: true }), 'go_backwards: must be false'],
    ['other memories', layer('GRU', 'm', { units: 4 }), 'LSTM and Conv1D layers read series too'],
  ])('refuses a memory with %s', (_name, wanted, reason) => {
    expect(() => taskWith(chain(wanted, OUT), { input: SERIES })).toThrow(reason);
    expect(() => taskWith(chain(memory('m'), FLAT, OUT))).toThrow('needs 2 sides per example');
  });

  it('fits a number and anomalies too', () => {
    const table = { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'd' };
    const regression = { input: table, classes: [], objective: { kind: 'regression', range: [0, 1] } };
    expect(weightLayout(taskWith(chain(layer('Dense', 'out', { units: 1 })), regression)).size).toBe(4);
    const anomaly = { input: table, objective: { kind: 'anomaly' } };
    expect(weightLayout(taskWith(chain(layer('Dense', 'out', { units: 3 })), anomaly)).size).toBe(12);
  });

  const dense = (config: object) => chain(FLAT, layer('Dense', 'out', { units: 2, ...config }));
  it.each<[string, object, string]>([
    ['code', chain(layer('Lambda', 'trick'), OUT), 'layer "trick" (Lambda): holds code'],
    ['dropout', chain(FLAT, layer('Dropout', 'drop', { rate: 0.5 }), OUT), 'leave it out'],
    ['what nobody knows', chain(layer('Magic', 'm'), OUT), 'none of the layers known here: Dense, Conv1D'],
    ['a frozen layer', dense({ trainable: false }), '"out" (Dense): trainable: a frozen layer'],
    ['a penalty', dense({ kernel_regularizer: { l2: 1 } }), 'kernel_regularizer is not supported'],
    ['other activations', dense({ activation: 'gelu' }), 'activation must be one of relu, relu6'],
    [
      'other first weights',
      dense({ kernel_initializer: { class_name: 'Ones' } }),
      'must be one of GlorotUniform',
    ],
    ['widths of nothing', dense({ units: 0 }), 'units must be a whole number from 1'],
    [
      'oblong kernels',
      chain({ ...CONV, config: { ...CONV.config, kernel_size: [3, 5] } }, FLAT, OUT),
      'the same on all sides',
    ],
    [
      'dilation',
      chain({ ...CONV, config: { ...CONV.config, dilation_rate: [2, 2] } }, FLAT, OUT),
      'dilation_rate: must be 1',
    ],
    [
      'pictures into a Dense',
      chain(CONV, OUT),
      'layer "out": needs 1 sides per example, is fed 6×8×4; put a Flatten',
    ],
    [
      'too much pooling',
      chain(layer('MaxPooling2D', 'p', { pool_size: 7 }), FLAT, OUT),
      'layer "p": leaves nothing of 6×8×3',
    ],
    ['too many outputs', dense({ units: 3 }), 'a Dense without activation of 2 units, one for each class'],
    [
      'a softmax in the middle',
      chain(FLAT, layer('Dense', 'a', { units: 2, activation: 'softmax' }), OUT),
      'may only be the last',
    ],
    [
      'two layers of one name',
      chain(FLAT, layer('Dense', 'flat', { units: 2 })),
      'two layers are called "flat"',
    ],
    ['a name that is taken', chain(FLAT, layer('Dense', 'model', { units: 2 })), 'that name is taken'],
    [
      'another input',
      chain(layer('Flatten', 'f', { batch_input_shape: [null, 5, 8, 3] }), OUT),
      'its input is 5×8×3, input makes 6×8×3',
    ],
  ])('refuses %s', (_name, topology, reason) => {
    expect(() => taskWith(topology)).toThrow(reason);
  });

  it('refuses branches that lead nowhere, in a circle, or do not fit', () => {
    const { config } = branched(keras2);
    const altered = (name: string, change: object) => ({
      class_name: 'Functional',
      config: {
        ...config,
        layers: config.layers.map((each) => (each.config.name === name ? { ...each, ...change } : each)),
      },
    });
    expect(() => taskWith(altered('again', { inbound_nodes: keras2('sum') }))).toThrow('not there before it');
    expect(() => taskWith(altered('sum', { inbound_nodes: keras2('again', 'photo') }))).toThrow('do not fit');
    expect(() => taskWith(altered('mean', { inbound_nodes: keras2('look') }))).toThrow(
      'does not lead to the output',
    );
    expect(() => taskWith(altered('sum', { inbound_nodes: keras2('again') }))).toThrow('needs two layers');
    const twice = [...keras2('look'), ...keras2('sum')];
    expect(() => taskWith(altered('again', { inbound_nodes: twice }))).toThrow('is used 2 times');
  });
});
