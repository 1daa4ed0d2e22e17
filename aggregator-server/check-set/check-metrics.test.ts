import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { idxHeader } from '@genba/shared/model/idx';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, type Task } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { CheckSetJudge } from './check-set-judge.ts';

const named = { id: 'parts', name: { en: 'Parts', ja: '部品' } };
const TABLE = { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' };
const SERIES = {
  kind: 'series',
  columns: ['電流', '振動'],
  windowRows: 4,
  strideRows: 2,
  labelColumn: '判定',
};
const LINEAR = { template: 'mlp', hiddenUnits: [] };

/** One layer that could copy its four inputs: every weight of it can be written down by hand. */
const COPYING = {
  template: 'layers-model',
  topology: {
    class_name: 'Sequential',
    config: {
      name: 'copying',
      layers: [
        { class_name: 'InputLayer', config: { batch_input_shape: [null, 4], name: 'in' } },
        { class_name: 'Dense', config: { name: 'copy', units: 4, activation: 'linear', use_bias: true } },
      ],
    },
  },
};

/** The scaled number is the first column. */
const LENGTHS = parseTask({
  ...named,
  input: TABLE,
  objective: { kind: 'regression', range: [10, 20], unit: 'mm' },
  model: LINEAR,
});
const ANOMALIES = parseTask({
  ...named,
  input: TABLE,
  classes: ['良品', '不良'],
  objective: { kind: 'anomaly' },
  model: COPYING,
});
const RARE = parseTask({
  ...named,
  input: TABLE,
  classes: ['良品', '不良'],
  objective: { kind: 'classification', classWeights: 'balanced' },
  model: LINEAR,
});
const WINDOWS = parseTask({ ...named, input: SERIES, classes: ['正常', '異常'], model: LINEAR });

function float32(lengths: readonly number[], values: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) bytes.setFloat32(4 * index, value);
  return Uint8Array.from([...idxHeader('float32', lengths), ...new Uint8Array(bytes.buffer)]);
}

const classes = (labels: readonly number[]) =>
  Uint8Array.from([...idxHeader('uint8', [labels.length]), ...labels]);

/** A check set of rows of four values. */
async function checkSet(rows: readonly (readonly number[])[], labels: Uint8Array): Promise<string> {
  const folder = join(await temporaryFolder(), '確認 データ');
  await mkdir(folder);
  await writeFile(join(folder, 'inputs.idx'), float32([rows.length, 4], rows.flat()));
  await writeFile(join(folder, 'labels.idx'), labels);
  return folder;
}

type Places = Readonly<Record<number, number>>;

/** A task's weights, zero but for some at their places. */
function weights(task: Task, set: Places): Float32Array {
  const vector = new Float32Array(weightLayout(task).size);
  for (const [place, value] of Object.entries(set)) vector[Number(place)] = value;
  return vector;
}

const PLUS_MINUS = [
  [1, 0, 0, 0],
  [-1, 0, 0, 0],
  [1, 0, 0, 0],
  [-1, 0, 0, 0],
];

describe('a check set', () => {
  it('of numbers judges by how much of their spread a model explains', async () => {
    // In millimetres: 20 is +1 of the scaled range, 10 is −1.
    const judge = await CheckSetJudge.load(
      LENGTHS,
      await checkSet(PLUS_MINUS, float32([4], [20, 10, 20, 10])),
    );
    expect(judge.metric).toBe('r-squared');
    expect(await judge.score(weights(LENGTHS, { 0: 1 }))).toBeCloseTo(1, 6);
    // Half of each: an error of 0.5 of 1, squared.
    expect(await judge.score(weights(LENGTHS, { 0: 0.5 }))).toBeCloseTo(0.75, 6);
    // The mean of all, the wrong way round, and nothing at all are worth the same: nothing.
    for (const first of [0, -1, Number.NaN]) {
      expect(await judge.score(weights(LENGTHS, { 0: first }))).toBe(0);
    }
  });

  it('with bad examples judges by how they are told from good ones', async () => {
    const bad = [
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ];
    const folder = await checkSet([...PLUS_MINUS, ...bad], classes([0, 0, 0, 0, 1, 1]));
    const judge = await CheckSetJudge.load(ANOMALIES, folder);
    expect(judge.metric).toBe('separation');
    // Copies the first input only, by which all good ones are told: every bad one has the larger error.
    expect(await judge.score(weights(ANOMALIES, { 0: 1 }))).toBe(1);
    // The second as well: one of two bad ones has an error of 0 as all good ones have. AUROC (4 + 2) / 8.
    expect(await judge.score(weights(ANOMALIES, { 0: 1, 5: 1 }))).toBe(0.5);
    // Copies everything, or nothing: good and bad look alike.
    expect(await judge.score(weights(ANOMALIES, { 0: 1, 5: 1, 10: 1, 15: 1 }))).toBe(0);
    expect(await judge.score(weights(ANOMALIES, {}))).toBe(0);
    expect(await judge.score(weights(ANOMALIES, { 0: Number.NaN }))).toBe(0);
  });

  it('of good examples only judges by what is left of them in their reconstruction', async () => {
    const judge = await CheckSetJudge.load(ANOMALIES, await checkSet(PLUS_MINUS, classes([0, 0, 0, 0])));
    expect(judge.metric).toBe('reconstruction');
    expect(await judge.score(weights(ANOMALIES, { 0: 1 }))).toBeCloseTo(1, 6);
    expect(await judge.score(weights(ANOMALIES, { 0: 0.5 }))).toBeCloseTo(0.75, 6);
    expect(await judge.score(weights(ANOMALIES, {}))).toBe(0);
    expect(await judge.score(weights(ANOMALIES, { 0: Number.POSITIVE_INFINITY }))).toBe(0);
  });

  it('of rare classes judges by balanced accuracy', async () => {
    const rows = [[1, 0, 0, 0], ...Array.from({ length: 9 }, () => [-1, 0, 0, 0])];
    const judge = await CheckSetJudge.load(
      RARE,
      await checkSet(rows, classes([1, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    );
    expect(judge.metric).toBe('balanced-accuracy');
    // The kernel is [4, 2]: place 1 takes the first column to class 1.
    expect(await judge.score(weights(RARE, { 1: 1 }))).toBe(1);
    // Nothing is ever bad: right nine times of ten, and worth half.
    expect(await judge.score(weights(RARE, { 8: 1 }))).toBe(0.5);
  });

  it('of windows of a series takes them as they enter the model', async () => {
    const folder = join(await temporaryFolder(), 'series');
    await mkdir(folder);
    // Two windows of four rows with two columns; in the second the last row's second column is high.
    const first = [0, 0, 0, 0, 0, 0, 0, 0];
    const inputs = float32([2, 4, 2], [...first, ...first.with(7, 1)]);
    await writeFile(join(folder, 'inputs.idx'), inputs);
    await writeFile(join(folder, 'labels.idx'), classes([0, 1]));
    const judge = await CheckSetJudge.load(WINDOWS, folder);
    // Kernel [8, 2]: row 7 to class 1; bias [2]: class 0 a little.
    expect(await judge.score(weights(WINDOWS, { 15: 1, 16: 0.5 }))).toBe(1);
    expect(await judge.score(weights(WINDOWS, { 13: 1, 16: 0.5 }))).toBe(0.5);
  });

  it.each<[what: string, task: Task, rows: number[][], labels: Uint8Array, reason: string]>([
    ['classes for a number', LENGTHS, PLUS_MINUS, classes([0, 1, 0, 1]), 'not a list of float32'],
    ['numbers for classes', RARE, PLUS_MINUS, float32([4], [0, 1, 0, 1]), 'not a list of whole numbers'],
    ['too few numbers', LENGTHS, PLUS_MINUS, float32([3], [1, 2, 3]), '3 numbers for 4 examples'],
    ['NaN', LENGTHS, PLUS_MINUS, float32([4], [1, 2, Number.NaN, 3]), 'not a number'],
    ['one number for all', LENGTHS, PLUS_MINUS, float32([4], [15, 15, 15, 15]), 'all numbers are alike'],
    ['no good example', ANOMALIES, PLUS_MINUS, classes([1, 1, 1, 1]), 'no example is "良品"'],
    [
      'the same example again and again',
      ANOMALIES,
      PLUS_MINUS.map(() => [1, 2, 3, 4]),
      classes([0, 0, 0, 0]),
      'all examples are alike',
    ],
  ])('with %s is refused', async (_what, task, rows, labels, reason) => {
    await expect(CheckSetJudge.load(task, await checkSet(rows, labels))).rejects.toMatchObject({
      code: 'check-set/unusable',
      detail: expect.stringContaining(reason),
    });
  });
});

describe('an engine with a check set of', () => {
  it.each<[what: string, task: Task, labels: Uint8Array, learnt: Places, spoilt: Places, metric: string]>([
    ['numbers', LENGTHS, float32([4], [20, 10, 20, 10]), { 0: 1 }, { 0: -8 }, 'r-squared'],
    ['good examples', ANOMALIES, classes([0, 0, 0, 0]), { 0: 1 }, { 0: -8 }, 'reconstruction'],
  ])('%s quarantines what spoils the served model', async (_what, task, labels, learnt, spoilt, metric) => {
    const checkSetFolder = await checkSet(PLUS_MINUS, labels);
    const strategy = parseTask({ ...task, federation: { mixingWeight: 1 } });
    const bench = await EngineBench.open(await temporaryFolder(), strategy, undefined, {
      checkSet: checkSetFolder,
    });
    onTestFinished(() => bench.close());
    for (const plant of ['osaka', 'nagoya']) await bench.join(plant);
    const first = initialWeights(weightLayout(task), task.seed);
    const report = async (clientId: string, vector: Float32Array) => {
      const { base } = await bench.baseOf(clientId);
      const updateId = crypto.randomUUID();
      await bench.deliver({ updateId, clientId, baseId: base.baseId, weights: vector });
      await bench.engine.whenIdle();
      return (await bench.store.catalogue.findUpdate(updateId))!.state;
    };
    expect(await report('osaka', weights(task, learnt))).toBe('applied');
    const change = weights(task, spoilt);
    expect(
      await report(
        'nagoya',
        first.map((value, index) => value + change[index]!),
      ),
    ).toBe('quarantined');
    const [held] = await bench.store.screening.quarantined(null);
    expect(held!.finding).toMatchObject({
      kind: 'check-set',
      metric,
      before: expect.closeTo(1, 6),
      after: 0,
    });
  });
});
