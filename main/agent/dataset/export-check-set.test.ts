import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIdx } from '@genba/shared/model/idx';
import { parseTask } from '@genba/shared/model/task';
import { expect, it } from 'vitest';
import { loadCheckSet, loadDataset } from './dataset.ts';
import { exportCheckSet } from './export-check-set.ts';
import { writeIdx } from './idx-writer.ts';
import { temporaryFolder } from './temporary-folder.ts';

const TABLE = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['電流', '電圧'], labelColumn: '判定' },
  classes: ['良品', '不良'],
  model: { template: 'mlp', hiddenUnits: [4] },
});
const IMAGES = parseTask({
  id: 'digits',
  name: { en: 'Digits', ja: '数字' },
  input: { kind: 'image', width: 4, height: 4, channels: 1 },
  classes: ['0', '1', '2'],
  model: { template: 'mlp', hiddenUnits: [4] },
});

function csv(rows: number, shift: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => `${100 + row + shift},${20 - row / 7},${row % 3 === 0 ? '不良' : '良品'}`,
  );
  return `電流,電圧,判定\n${lines.join('\n')}\n`;
}

async function exported(folder: string) {
  const [inputs, labels] = await Promise.all(
    ['inputs.idx', 'labels.idx'].map(async (name) => parseIdx(await readFile(join(folder, name)))),
  );
  return { inputs: inputs!, labels: labels! };
}

it('writes the validation part of a table as it enters the model', async () => {
  const { root } = temporaryFolder();
  const dataset = join(root, '溶接 データ.csv');
  await writeFile(dataset, csv(40, 0));
  const to = join(root, '確認用 データ');
  const summary = await exportCheckSet({ task: TABLE, dataset, to });
  const { validation } = await loadDataset(dataset, TABLE);
  const { inputs, labels } = await exported(to);
  expect(inputs).toEqual({
    kind: 'float32',
    lengths: [validation.labels.length, 2],
    values: validation.inputs,
  });
  expect([...labels.values]).toEqual([...validation.labels]);
  expect(summary.examples).toBe(validation.labels.length);
  expect(summary.classes.map(({ count }) => count).every((count) => count > 0)).toBe(true);
});

it('writes other rows whole, standardised by the training part', async () => {
  const { root } = temporaryFolder();
  const [dataset, check] = [join(root, 'train.csv'), join(root, 'check.csv')];
  await writeFile(dataset, csv(40, 0));
  await writeFile(check, csv(7, 3));
  const to = join(root, 'out');
  await exportCheckSet({ task: TABLE, dataset, check, to });
  const { statistics } = await loadDataset(dataset, TABLE);
  const { inputs } = await exported(to);
  expect(inputs.lengths).toEqual([7, 2]);
  expect(inputs.values).toEqual((await loadCheckSet(check, TABLE, statistics)).inputs);
  await expect(exportCheckSet({ task: TABLE, check, to: join(root, 'alone') })).rejects.toThrow(
    'a dataset is needed',
  );
});

it('writes numbers in their unit', async () => {
  const { root } = temporaryFolder();
  const [dataset, check] = [join(root, 'train.csv'), join(root, 'check.csv')];
  const lengths = parseTask({
    id: 'lengths',
    name: { en: 'Lengths', ja: '長さ' },
    input: { kind: 'table', columns: ['電流', '電圧'], labelColumn: '長さ' },
    objective: { kind: 'regression', range: [10, 20], unit: 'mm' },
    model: { template: 'mlp', hiddenUnits: [4] },
  });
  const rows = (values: readonly number[]) =>
    `電流,電圧,長さ\n${values.map((value, row) => `${row},${row * row},${value}`).join('\n')}\n`;
  await writeFile(dataset, rows([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]));
  await writeFile(check, rows([12.5, 9, 17.25]));
  const to = join(root, 'out');
  expect(await exportCheckSet({ task: lengths, dataset, check, to })).toEqual({ examples: 3, classes: [] });
  const { labels } = await exported(to);
  expect(labels).toMatchObject({ kind: 'float32', lengths: [3] });
  expect([...labels.values].map((value) => Number(value.toFixed(4)))).toEqual([12.5, 9, 17.25]);
});

it('writes windows of a series, standardised by the training part', async () => {
  const { root } = temporaryFolder();
  const [dataset, check] = [join(root, 'train.csv'), join(root, 'check.csv')];
  const spindles = parseTask({
    id: 'spindles',
    name: { en: 'Spindles', ja: '主軸' },
    input: { kind: 'series', columns: ['電流', '振動'], windowRows: 4, strideRows: 4, labelColumn: '判定' },
    classes: ['正常', '異常'],
    objective: { kind: 'anomaly' },
    model: { template: 'autoencoder', hiddenUnits: [2] },
  });
  const rows = (count: number, bad: number) =>
    `電流,振動,判定\n${Array.from({ length: count }, (_, row) => `${row % 7},${row % 5},${row === bad ? '異常' : '正常'}`).join('\n')}\n`;
  await writeFile(dataset, rows(80, -1));
  await writeFile(check, rows(12, 9));
  const to = join(root, 'out');
  const summary = await exportCheckSet({ task: spindles, dataset, check, to });
  expect(summary.classes).toEqual([
    { name: '正常', count: 2 },
    { name: '異常', count: 1 },
  ]);
  const { inputs, labels } = await exported(to);
  const { statistics } = await loadDataset(dataset, spindles);
  expect(inputs).toEqual({
    kind: 'float32',
    lengths: [3, 4, 2],
    values: (await loadCheckSet(check, spindles, statistics)).inputs,
  });
  expect([...labels.values]).toEqual([0, 0, 1]);
  await expect(exportCheckSet({ task: spindles, check, to: join(root, 'alone') })).rejects.toThrow(
    'a dataset is needed',
  );
});

it('writes pixels as bytes', async () => {
  const { root } = temporaryFolder();
  const check = join(root, 'images');
  const images = Uint8Array.from({ length: 5 * 16 }, (_, index) => (index * 37) % 256);
  await writeIdx(check, { images, labels: Uint8Array.from([0, 1, 2, 1, 0]), width: 4, height: 4 });
  const to = join(root, 'out');
  await exportCheckSet({ task: IMAGES, check, to });
  const { inputs, labels } = await exported(to);
  expect(inputs).toMatchObject({ kind: 'uint8', lengths: [5, 4, 4, 1] });
  expect([...inputs.values]).toEqual([...images]);
  expect([...labels.values]).toEqual([0, 1, 2, 1, 0]);
});

it('writes nothing into a folder that holds something, nor where there is nothing to write', async () => {
  const { root } = temporaryFolder();
  const dataset = join(root, 'data.csv');
  await writeFile(dataset, csv(40, 0));
  const full = join(root, 'full');
  await mkdir(full);
  await writeFile(join(full, 'mine.txt'), 'mine');
  await expect(exportCheckSet({ task: TABLE, dataset, to: full })).rejects.toMatchObject({
    code: 'operation/target-not-empty',
  });
  expect(await readdir(full)).toEqual(['mine.txt']);
  const empty = join(root, 'empty.csv');
  await writeFile(empty, '電流,電圧,判定\n');
  const to = join(root, 'never');
  await expect(exportCheckSet({ task: TABLE, dataset, check: empty, to })).rejects.toMatchObject({
    code: 'dataset/too-small',
  });
  await expect(readdir(to)).rejects.toThrow('ENOENT');
  await expect(exportCheckSet({ task: TABLE, dataset, to: join(dataset, 'below') })).rejects.toMatchObject({
    code: 'operation/target-not-writable',
  });
});
