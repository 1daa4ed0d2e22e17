import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it } from 'vitest';
import { loadDataset } from './dataset.ts';
import { temporaryFolder } from './temporary-folder.ts';

function task(columns: readonly string[], more: object = {}) {
  return parseTask({
    id: 'machines',
    name: { en: 'Machines', ja: '設備' },
    input: { kind: 'table', columns, labelColumn: '判定' },
    classes: ['良', '不良'],
    model: { template: 'mlp', hiddenUnits: [4] },
    training: { validationShare: 0 },
    ...more,
  });
}

/** The column as it was before it was standardised. */
function column({ training, statistics }: Awaited<ReturnType<typeof loadDataset>>, place: number): number[] {
  const { means, deviations } = statistics!;
  const values = [...training.inputs].filter((_, index) => index % means.length === place);
  return values.map((value) => Number((value * deviations[place]! + means[place]!).toFixed(4)) + 0);
}

describe('a CSV file of unknown form', () => {
  it.each([
    ['commas', '温度,判定\n1.5,良\n2.5,不良\n"1,000.5",良\n'],
    ['semicolons and decimal commas', '温度;判定\n1,5;良\n2,5;不良\n1.000,5;良\n'],
    ['tabs', '温度\t判定\n1.5\t良\n2.5\t不良\n1000.5\t良\n'],
    ['full-width digits', '温度,判定\n１．５,良\n2.5,不良\n１０００．５,良\n'],
    ['a logger’s own lines above', 'LOGGER X-1\nserial,0042\n\n温度,判定\n1.5,良\n2.5,不良\n1000.5,良\n'],
    ['a header in other width and case', 'ID, 温度 ,判定\nA,1.5,良\nB,2.5,不良\nC,1000.5,良\n'],
    ['remarks between the rows', '# 温度,判定\n1.5,良\n# machine stopped\n2.5,不良\n// started\n1000.5,良\n'],
    ['units behind the numbers', '温度,判定\n1.5 ℃,良\n2.5℃,不良\n1000.5,良\n'],
    ['UTF-16', Buffer.from('\uFEFF温度\t判定\n1.5\t良\n2.5\t不良\n1000.5\t良\n', 'utf16le')],
    ['semicolons and a point in the text', 'note;温度;判定\nv1.2, new;1,5;良\nv1.3;2,5;不良\nv2;1000,5;良\n'],
  ])('is read with %s', async (_name, text) => {
    const dataset = await loadDataset(temporaryFolder().write('a.csv', text), task(['温度']));
    expect(dataset.summary).toMatchObject({ training: 3, skipped: 0 });
    expect(column(dataset, 0)).toEqual([1.5, 2.5, 1000.5]);
    expect([...dataset.training.labels]).toEqual([0, 1, 0]);
  });

  it('skips a row whose unit is another, and takes no row for a remark', async () => {
    const text = '番号,温度,判定\n#1,5 mm,良\n#2,7 mm,不良\n#3,2 cm,良\n';
    const { summary } = await loadDataset(temporaryFolder().write('a.csv', text), task(['温度']));
    expect(summary).toMatchObject({ training: 2, skipped: 1 });
    expect(summary.skippedItems).toEqual([{ item: 'line 4', reason: '"温度" has another unit than before' }]);
  });

  it('finds a column whose name differs in width and case, but guesses nothing', async () => {
    const { write } = temporaryFolder();
    const read = (header: string) =>
      loadDataset(write('a.csv', `${header}\n1,9,良\n2,9,良\n`), task(['Torque [Nm]']));
    expect(column(await read('ＴＯＲＱＵＥ [nm],x,判定'), 0)).toEqual([1, 2]);
    // Two that differ in case alone: the one that is written as the task has it, or none.
    expect(column(await read('Torque [Nm],torque [nm],判定'), 0)).toEqual([1, 2]);
    const missing = { code: 'dataset/mismatch', detail: 'missing columns: "Torque [Nm]"' };
    await expect(read('TORQUE [Nm],torque [nm],判定')).rejects.toMatchObject(missing);
    await expect(read('Torque,x,判定')).rejects.toMatchObject(missing);
  });
});

describe('a folder of CSV files', () => {
  it('is read as one table; what does not belong is skipped and listed', async () => {
    const { root, write } = temporaryFolder();
    write('1 月.csv', '温度,判定\n1,良\n2,不良\n');
    write('2 月.csv', '判定;温度\n良;3\n良;x\n');
    write('人員.csv', '名前,年齢\n山田,40\n');
    const dataset = await loadDataset(root, task(['温度']));
    expect(column(dataset, 0)).toEqual([1, 2, 3]);
    expect(dataset.summary.skippedItems).toEqual([
      { item: '2 月.csv, line 3', reason: '"温度" is not a number' },
      { item: '人員.csv', reason: 'missing columns: "温度", "判定"' },
    ]);
  });

  it('is refused when none of its files has the columns', async () => {
    const { root, write } = temporaryFolder();
    write('a.csv', 'x\n1\n');
    write('b.csv', 'y\n1\n');
    await expect(loadDataset(root, task(['温度']))).rejects.toMatchObject({ code: 'dataset/mismatch' });
  });
});

describe('a number to be learnt', () => {
  it('is scaled by the range of the task', async () => {
    const regression = task(['温度'], { classes: [], objective: { kind: 'regression', range: [10, 20] } });
    const file = temporaryFolder().write('a.csv', '温度,判定\n1,10\n2,20\n3,15\n4,25\n5,\n6,x\n');
    const { training, summary } = await loadDataset(file, regression);
    expect([...training.targets!]).toEqual([-1, 1, 0, 2]);
    expect(summary).toMatchObject({ training: 4, skipped: 2, classes: [] });
  });
});

describe('a table that must not leak', () => {
  const rows = Array.from(
    { length: 60 },
    (_, row) => `${row},L${Math.floor(row / 6)},${row % 2 ? '不良' : '良'}`,
  );
  const text = ['温度,ロット,判定', ...rows].join('\n');

  it('keeps the rows of a lot on one side', async () => {
    const split = { split: { by: 'column', column: 'ロット' }, training: { validationShare: 0.2 } };
    const dataset = await loadDataset(temporaryFolder().write('a.csv', text), task(['温度'], split));
    const lots = new Set(column(dataset, 0).map((row) => Math.floor(row / 6)));
    expect(dataset.summary).toMatchObject({ training: 48, validation: 12 });
    expect(lots.size).toBe(8);
  });

  it('holds out the newest rows', async () => {
    const split = { split: { by: 'time', column: '温度' }, training: { validationShare: 0.2 } };
    const dataset = await loadDataset(temporaryFolder().write('a.csv', text), task(['温度'], split));
    expect(column(dataset, 0)).toEqual([...Array(48).keys()]);
  });
});
