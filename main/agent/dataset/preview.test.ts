import { previewSchema } from '@genba/shared/local-api/preview';
import { parseTask } from '@genba/shared/model/task';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { previewData } from './preview.ts';
import { previewText } from './preview-text.ts';
import { temporaryFolder } from './temporary-folder.ts';

const common = {
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  classes: ['良', '不良'],
  model: { template: 'mlp', hiddenUnits: [4] },
  training: { validationShare: 0.25 },
};
const pictureTask = parseTask({ ...common, input: { kind: 'image', width: 8, height: 8, channels: 1 } });
const tableTask = (more: object = {}) =>
  parseTask({
    ...common,
    input: { kind: 'table', columns: ['温度', 'トルク', '圧力'], labelColumn: '判定' },
    ...more,
  });

async function look(path: string, task: ReturnType<typeof parseTask> | null) {
  const preview = await previewData({ path, task, seed: 1 });
  // What goes to the window must be of the form that it knows, and fit into one message.
  expect(previewSchema.parse(preview)).toEqual(preview);
  expect(JSON.stringify(preview).length).toBeLessThan(60_000);
  return preview;
}

const picture = (seed: number, side = 300) => {
  const noise = Uint8Array.from({ length: side * side * 3 }, (_, index) => (index * seed * 7919) % 251);
  return sharp(noise, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
};

describe('a folder of pictures', () => {
  it('is counted by class, with small pictures, broken ones, and one that lies in two classes', async () => {
    const { root, write } = temporaryFolder();
    for (let index = 1; index <= 16; index++) write(`良/${index}.png`, await picture(index, 40 + index));
    for (let index = 1; index <= 3; index++) write(`不良/${index}.png`, await picture(index + 50));
    write('不良/写し.png', await picture(5, 45));
    write('良/壊れ.jpg', (await picture(1)).subarray(0, 900));
    const preview = await look(root, pictureTask);
    expect(preview).toMatchObject({
      kind: 'images',
      examples: 21,
      isWhole: true,
      problem: null,
      classes: [
        { name: '良', count: 17 },
        { name: '不良', count: 4 },
      ],
      skipped: 1,
      split: { by: 'example', training: 16, validation: 5, groups: null },
      pictures: { opened: 21, smallest: { width: 41, height: 41 }, largest: { width: 300, height: 300 } },
    });
    expect(preview.skippedItems[0]!.item).toMatch(/壊れ\.jpg$/);
    expect(preview.pictures!.samples).toHaveLength(12);
    const thumbnail = Buffer.from(preview.pictures!.samples[0]!.thumbnail!.split(',')[1]!, 'base64');
    expect((await sharp(thumbnail).metadata()).format).toBe('jpeg');
    expect(preview.checks).toContainEqual(expect.objectContaining({ kind: 'same-in-two-classes', count: 1 }));
    expect(preview.checks).toContainEqual({ kind: 'rare-class', name: '不良', count: 4, wanted: 20 });
    const text = previewText(preview, 'ja').join('\n');
    expect(text).toContain('21 枚: 良 17, 不良 4');
    expect(text).toContain('このデータは使えます。');
  });

  it('names folders that the task does not know, and counts them all the same', async () => {
    const { root, write } = temporaryFolder();
    for (const name of ['良', '不良', '保留']) write(`${name}/1.png`, await picture(1));
    const preview = await look(root, pictureTask);
    expect(preview.problem).toEqual({
      code: 'dataset/mismatch',
      detail: 'not a class of the task: "保留"',
    });
    expect(preview.checks[0]).toEqual({ kind: 'unknown-classes', names: ['保留'] });
    expect(preview.classes).toHaveLength(3);
    // Before the task is known nothing is wrong with it.
    expect(await look(root, null)).toMatchObject({ problem: null, examples: 3, split: null });
  });
});

describe('a CSV file', () => {
  it('tells what is missing and what may be meant by it', async () => {
    const text = 'LOGGER X\n温度;トルク [Nm];メモ;判定\n1,5;2,5;a;良\n';
    const preview = await look(temporaryFolder().write('表.csv', text), tableTask());
    expect(preview.problem).toEqual({
      code: 'dataset/mismatch',
      detail: 'missing columns: "トルク", "圧力"',
    });
    expect(preview.table).toEqual({
      encoding: 'utf-8',
      separator: ';',
      decimal: ',',
      rowsBeforeHeader: 1,
      fileCount: 1,
      columnCount: 4,
      columns: [
        { name: '温度', use: 'input' },
        { name: 'トルク [Nm]', use: 'unused' },
        { name: 'メモ', use: 'unused' },
        { name: '判定', use: 'label' },
      ],
      missing: [
        { name: 'トルク', nearest: 'トルク [Nm]' },
        { name: '圧力', nearest: null },
      ],
      rows: [['1,5', '2,5', 'a', '良']],
    });
    expect(previewText(preview, 'en').join('\n')).toContain('did you mean “トルク [Nm]”?');
  });

  it('counts classes, skipped rows, lots on either side, and columns that say nothing', async () => {
    const { write } = temporaryFolder();
    const rows = Array.from({ length: 200 }, (_, row) => {
      return `${row},7,${row % 9 === 8 ? 'x' : row % 7},L${Math.floor(row / 10)},${row % 5 === 0 ? '不良' : '良'}`;
    });
    const file = write('表.csv', ['温度,トルク,圧力,ロット,判定', ...rows].join('\n'));
    const preview = await look(file, tableTask({ split: { by: 'column', column: 'ロット' } }));
    expect(preview).toMatchObject({ unit: 'row', examples: 178, skipped: 22, problem: null, isWhole: true });
    expect(preview.classes.map(({ count }) => count)).toEqual([142, 36]);
    const { groups, training, validation } = preview.split!;
    expect(groups!.training + groups!.validation).toBe(20);
    expect(training + validation).toBe(178);
    expect(preview.checks).toEqual([
      { kind: 'constant-columns', names: ['トルク'] },
      { kind: 'much-skipped', skipped: 22, total: 200 },
    ]);
  });

  it('collects labels that no class has instead of stopping at the first', async () => {
    const rows = ['1,1,1,良', '2,2,2,キズ', '3,3,3,不良', '4,4,4,汚れ', '5,5,5,キズ'];
    const file = temporaryFolder().write('表.csv', ['温度,トルク,圧力,判定', ...rows].join('\n'));
    const preview = await look(file, tableTask());
    expect(preview.problem?.code).toBe('dataset/mismatch');
    expect(preview.checks[0]).toEqual({ kind: 'unknown-classes', names: ['キズ', '汚れ'] });
    expect(preview.examples).toBe(2);
  });

  it('shows one that fits of a folder in which others lie, too', async () => {
    const { root, write } = temporaryFolder();
    write('人員.csv', '名前,年齢\n山田,40\n');
    write('表.csv', '温度,トルク,圧力,判定\n1,2,3,良\n2,3,4,不良\n3,4,5,良\n');
    const preview = await look(root, tableTask());
    expect(preview).toMatchObject({
      problem: null,
      examples: 3,
      skipped: 1,
      table: { missing: [], fileCount: 2 },
    });
    expect(preview.skippedItems[0]).toMatchObject({ item: '人員.csv' });
  });

  it('is described before any task is known', async () => {
    const file = temporaryFolder().write('表.csv', 'no;温度\n1;2,5\n2;3,5\n');
    expect(await look(file, null)).toMatchObject({
      kind: 'csv',
      isTaskKnown: false,
      problem: null,
      examples: 2,
      table: { separator: ';', columns: [{ name: 'no' }, { name: '温度' }] },
    });
  });
});

it('says why nothing can be made of a path', async () => {
  const { root } = temporaryFolder();
  expect(await look(`${root}/無い`, null)).toMatchObject({
    kind: null,
    problem: { code: 'dataset/not-found' },
  });
  expect(await look(root, null)).toMatchObject({ kind: null, problem: { code: 'dataset/unrecognised' } });
});
