import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it } from 'vitest';
import { loadDataset } from './dataset.ts';
import { temporaryFolder } from './temporary-folder.ts';

function task(input: object = {}, training: object = {}) {
  return parseTask({
    id: 'spindle',
    name: { en: 'Spindle', ja: '主軸' },
    input: {
      kind: 'series',
      columns: ['振動', '電流'],
      windowRows: 4,
      strideRows: 2,
      labelColumn: '状態',
      ...input,
    },
    classes: ['正常', '異常'],
    model: { template: 'mlp', hiddenUnits: [4] },
    training: { validationShare: 0, ...training },
  });
}

type Dataset = Awaited<ReturnType<typeof loadDataset>>;

/** First column of each training window, as it was before it was standardised. */
function windows({ training, statistics }: Dataset, rows = 4): number[][] {
  const { means, deviations } = statistics!;
  return Array.from({ length: training.labels.length }, (_, window) =>
    Array.from(
      { length: rows },
      (_, row) => Math.round(training.inputs[(window * rows + row) * 2]! * deviations[0]! + means[0]!) + 0,
    ),
  );
}

const csv = (rows: readonly string[]) => ['設備,振動,電流,状態', ...rows].join('\n');

describe('a series', () => {
  it('is cut into windows that overlap, and a window is bad when one of its rows is', async () => {
    const rows = Array.from({ length: 9 }, (_, row) => `A,${row},${row % 3},${row === 7 ? '異常' : '正常'}`);
    const dataset = await loadDataset(temporaryFolder().write('a.csv', csv(rows)), task());
    expect(windows(dataset)).toEqual([
      [0, 1, 2, 3],
      [2, 3, 4, 5],
      [4, 5, 6, 7],
    ]);
    expect([...dataset.training.labels]).toEqual([0, 0, 1]);
    expect(dataset.summary.classes).toEqual([
      { name: '正常', count: 2 },
      { name: '異常', count: 1 },
    ]);
  });

  it('never spans two machines, however their rows are mixed, nor two files', async () => {
    const { root, write } = temporaryFolder();
    const mixed = Array.from({ length: 16 }, (_, row) => `${row % 2 ? 'A' : 'B'},${row},1,正常`);
    write('1.csv', csv(mixed));
    write('2.csv', csv(['A,100,1,正常', 'A,101,2,正常', 'A,102,1,正常']));
    const dataset = await loadDataset(root, task({ groupColumn: '設備', strideRows: 4 }));
    expect(windows(dataset)).toEqual([
      [0, 2, 4, 6],
      [1, 3, 5, 7],
      [8, 10, 12, 14],
      [9, 11, 13, 15],
    ]);
  });

  it('leaves rows out between windows that do not touch', async () => {
    const rows = Array.from({ length: 14 }, (_, row) => `A,${row},1,正常`);
    const dataset = await loadDataset(temporaryFolder().write('a.csv', csv(rows)), task({ strideRows: 6 }));
    expect(windows(dataset)).toEqual([
      [0, 1, 2, 3],
      [6, 7, 8, 9],
    ]);
  });

  it('takes a sensor’s last value where it says nothing, and begins anew after a row it cannot read', async () => {
    const rows = [
      'A,-,1,正常',
      'A,1,1,正常',
      'A,,2,正常',
      'A,3,,正常',
      'A,4,4,正常',
      'A,5,5,正常',
      'A,x,6,正常',
    ];
    const after = [7, 8, 9, 10].map((value) => `A,${value},1,正常`);
    const dataset = await loadDataset(temporaryFolder().write('a.csv', csv([...rows, ...after])), task());
    expect(windows(dataset)).toEqual([
      [1, 1, 3, 4],
      [7, 8, 9, 10],
    ]);
    expect(dataset.summary.skippedItems).toEqual([
      { item: 'line 2', reason: '"振動" has no value yet' },
      { item: 'line 8', reason: '"振動" is not a number' },
    ]);
  });

  it('holds out the newest windows of each machine where nothing else is said', async () => {
    const rows = Array.from({ length: 80 }, (_, row) => `${row < 40 ? 'A' : 'B'},${row},1,正常`);
    const file = temporaryFolder().write('a.csv', csv(rows));
    const dataset = await loadDataset(
      file,
      task({ groupColumn: '設備', strideRows: 4 }, { validationShare: 0.2 }),
    );
    expect(dataset.summary).toMatchObject({ training: 16, validation: 4 });
    const starts = windows(dataset).map(([first]) => first);
    expect(starts).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 40, 44, 48, 52, 56, 60, 64, 68]);
  });

  it('is read without a label column where only anomalies are looked for', async () => {
    const anomalies = parseTask({
      ...task(),
      input: { kind: 'series', columns: ['振動', '電流'], windowRows: 4, strideRows: 4 },
      objective: { kind: 'anomaly' },
      model: { template: 'autoencoder', hiddenUnits: [4, 2] },
    });
    const rows = Array.from({ length: 12 }, (_, row) => `A,${row},${row},?`);
    const { training } = await loadDataset(temporaryFolder().write('a.csv', csv(rows)), anomalies);
    expect([...training.labels]).toEqual([0, 0, 0]);
  });
});
