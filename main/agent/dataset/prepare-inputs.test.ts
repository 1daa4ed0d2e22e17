import { join } from 'node:path';
import { parseTask, type Task } from '@genba/shared/model/task';
import { describe, expect, it } from 'vitest';
import { ExamplesFolder } from './kept-examples.ts';
import { InputPreparer, keptStatistics } from './prepare-inputs.ts';
import { readAndKeep } from './read-and-keep.ts';
import { temporaryFolder } from './temporary-folder.ts';

const columns = ['温度', 'Torque [Nm]'];

function task(input: object, more: object = {}): Task {
  return parseTask({
    id: 'machines',
    name: { en: 'Machines', ja: '設備' },
    input: { columns, labelColumn: '判定', ...input },
    classes: ['良', '不良'],
    model: { template: 'mlp', hiddenUnits: [4] },
    training: { validationShare: 0.2 },
    ...more,
  });
}

const rows = Array.from({ length: 40 }, (_, row) => [20 + row, 3 * row - 7, row % 3 === 0 ? '不良' : '良']);

/** What an agent with the data has on disk, and what its model was trained on. */
async function trainedOn(of: Task) {
  const { root, write } = temporaryFolder();
  const dataset = write(
    '学習.csv',
    ['温度,Torque [Nm],判定', ...rows.map((row) => row.join(','))].join('\n'),
  );
  const job = {
    dataFolder: root,
    dataset,
    checkSet: null,
    task: of,
    seed: 1,
    reading: '[]',
    fingerprint: '',
  };
  const kept = await readAndKeep(job);
  if ('cause' in kept) throw kept.cause;
  const file = new ExamplesFolder(root).fileOf(kept);
  const bytes = await import('node:fs/promises').then(({ readFile }) => readFile(file.path));
  const inputsOf = ({ offset, length }: { offset: number; length: number }) => {
    const width = kept.statistics!.means.length * (of.input.kind === 'series' ? of.input.windowRows : 1);
    const all = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * length),
    );
    return Array.from({ length: length / width }, (_, place) => [
      ...all.slice(place * width, (place + 1) * width),
    ]);
  };
  const learnt = [...inputsOf(file.training.inputs), ...inputsOf(file.validation.inputs)];
  const sorted = (list: number[][]) => list.map((values) => values.join()).sort();
  return { root, write, learnt, sorted, preparer: () => new InputPreparer(of, keptStatistics(root)) };
}

describe('new data are prepared as the training data were', () => {
  it('rows of a table, from files of another form and from programs', async () => {
    const { write, learnt, sorted, preparer } = await trainedOn(task({ kind: 'table' }));
    const found: number[][] = [];
    const skipped: number[] = [];
    // No label, other order, decimal commas, a unit nobody asked for.
    const lines = rows.map(([temperature, torque]) => `x;${torque},0;${temperature},0`);
    const file = write('新しい.csv', ['id;TORQUE [Nm];温度', ...lines, 'y;壊れ;1,0', 'z;;2,0'].join('\n'));
    await preparer().csv(
      file,
      (row) => found.push([...row.input]),
      (row) => skipped.push(row.line),
    );
    expect(sorted(found)).toEqual(sorted(learnt));
    expect(skipped).toEqual([42, 43]);
    const [temperature, torque] = rows[0]!;
    const record = { 'ｔｏｒｑｕｅ [nm]': String(torque), 温度: temperature!, extra: null };
    expect([...preparer().record(record)]).toEqual(found[0]);
    const refusal = { code: 'dataset/mismatch', detail: 'missing columns: "Torque [Nm]"' };
    expect(() => preparer().record({ 温度: 1 })).toThrow(expect.objectContaining(refusal));
    expect(() => preparer().record({ 温度: 1, 'Torque [Nm]': 'x' })).toThrow('not a number');
  });

  it('windows of a series, from files and while it goes on', async () => {
    const of = task({ kind: 'series', windowRows: 8, strideRows: 4 });
    const { root, learnt, sorted, preparer } = await trainedOn(of);
    const found: number[][] = [];
    await preparer().csv(
      join(root, '学習.csv'),
      (row) => found.push([...row.input]),
      () => expect.fail(),
    );
    // All but the one window between learning and testing, which shares rows with both.
    expect(sorted(found)).toEqual(expect.arrayContaining(sorted(learnt)));
    expect(found).toHaveLength(learnt.length + 1);
    const feed = preparer().feed();
    const live = rows.map(([temperature, torque]) => feed.push([temperature as number, torque as number]));
    expect(live.filter((window) => window !== null).map((window) => [...window])).toEqual(found);
    // What a sensor does not say is what it said last.
    const gap = preparer().feed(1);
    for (let row = 0; row < 7; row++) expect(gap.push([20, 1])).toBeNull();
    expect([...gap.push([null, 1])!].filter((_, index) => index % 2 === 0)).toEqual(
      new Array(8).fill(expect.closeTo(-1.5, 0)),
    );
  });
});

it('judges nothing before the plant has read its data, or with figures of other columns', () => {
  const { root } = temporaryFolder();
  const table = task({ kind: 'table' });
  expect(() => new InputPreparer(table, keptStatistics(root))).toThrow(
    expect.objectContaining({ code: 'dataset/not-read' }),
  );
  const other = { means: [1], deviations: [1] };
  expect(() => new InputPreparer(table, other)).toThrow(
    expect.objectContaining({ code: 'dataset/not-read' }),
  );
});
