import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Suggestion } from '@genba/shared/local-api/labelling';
import { parseTask, type Task } from '@genba/shared/model/task';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDataset } from '../dataset/dataset.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../store/database.ts';
import { requireApart } from './inbox.ts';
import { LabelStore } from './label-store.ts';
import { Labelling } from './labelling.ts';

const TASK = parseTask({
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  input: { kind: 'image', width: 4, height: 4, channels: 1 },
  classes: ['良品', 'キズ'],
  model: { template: 'mlp', hiddenUnits: [4] },
  training: { validationShare: 0 },
});

function store(): LabelStore {
  const database = openAgentDatabase(temporaryFolder().root);
  onTestFinished(() => {
    database.close();
  });
  return new LabelStore(database);
}

/** A grey picture, every shade another one. */
const picture = (shade: number) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: shade, b: shade } } })
    .png()
    .toBuffer();

async function plant(task: Task | null = TASK, confidences: Readonly<Record<string, number>> = {}) {
  const { root, write } = temporaryFolder();
  const labels = store();
  const asked: string[][] = [];
  const labelling = new Labelling({
    store: labels,
    task: () => task,
    folder: () => root,
    suggest: async (pictures) => {
      const names = pictures.map((each) => path.basename(each.path));
      asked.push(names);
      return names.map((name): Suggestion | null => {
        const confidence = confidences[name];
        return confidence === undefined ? null : { className: 'キズ', confidence };
      });
    },
    onLabels: () => {},
  });
  for (const [index, name] of ['c.png', 'a.png', '夜勤/b.png', 'd.png'].entries()) {
    write(name, await picture(10 + index));
  }
  write('メモ.txt', 'not a picture');
  return { root, write, labels, labelling, asked };
}

const names = async (labelling: Labelling) => (await labelling.queue()).pictures.map(({ name }) => name);

describe('new pictures', () => {
  it('come with the most uncertain ones first, and those nobody could judge behind them', async () => {
    const { labelling, asked } = await plant(TASK, { 'a.png': 0.99, 'c.png': 0.5, 'b.png': 0.7 });
    expect(await names(labelling)).toEqual(['c.png', '夜勤/b.png', 'a.png', 'd.png']);
    expect((await labelling.queue()).pictures[0]!.suggestion).toEqual({ className: 'キズ', confidence: 0.5 });
    // The model judges a picture once, until it is another model.
    expect(asked).toHaveLength(1);
    labelling.modelChanged();
    await labelling.queue();
    expect(asked).toHaveLength(2);
  });

  it('are gone from the list once labelled, with who and when, and come back by undo', async () => {
    const { labelling, labels } = await plant();
    const [first] = (await labelling.queue()).pictures;
    await labelling.label({ picture: first!.picture, className: 'キズ', labelledBy: '山田' });
    const queue = await labelling.queue();
    expect(queue).toMatchObject({ waiting: 3, labelled: 1, last: { className: 'キズ', labelledBy: '山田' } });
    expect(Date.now() - Date.parse(queue.last!.labelledAt)).toBeLessThan(60_000);
    expect(labelling.undo()).toMatchObject({ name: 'a.png', className: 'キズ' });
    expect(await labelling.queue()).toMatchObject({ waiting: 4, labelled: 0, last: null });
    // Both marks stay.
    expect(labels.list(0, 10)).toMatchObject([{ labelledBy: '山田', undoneAt: expect.any(String) }]);
    expect(labelling.undo()).toBeNull();
  });

  it('keep their label when they are renamed or moved, and are shown once however many copies there are', async () => {
    const { root, write, labelling } = await plant();
    const { pictures } = await labelling.queue();
    const { picture: id } = pictures.find(({ name }) => name === 'a.png')!;
    await labelling.label({ picture: id, className: '良品', labelledBy: '佐藤' });
    renameSync(path.join(root, 'a.png'), path.join(root, '夜勤', 'z.png'));
    write('copy.png', await picture(11));
    expect(await names(labelling)).toEqual(['c.png', 'd.png', '夜勤/b.png']);
    expect(await labelling.labelled()).toEqual([{ path: path.join(root, 'copy.png'), className: '良品' }]);
  });

  it('are refused when they are gone, or the class is none of the task', async () => {
    const { root, labelling } = await plant();
    const [first] = (await labelling.queue()).pictures;
    const label = (className: string, picture = first!.picture) =>
      labelling.label({ picture, className, labelledBy: '佐藤' });
    await expect(label('保留')).rejects.toMatchObject({ code: 'labels/unknown-class' });
    await expect(label('キズ', '0'.repeat(64))).rejects.toMatchObject({ code: 'labels/unknown-picture' });
    rmSync(root, { recursive: true });
    await expect(labelling.queue()).rejects.toMatchObject({ code: 'labels/folder-not-found' });
    // Training goes on with the rest.
    expect(await labelling.labelled()).toEqual([]);
    writeFileSync(root, '');
  });

  it('are none where the task has no pictures', async () => {
    const { labelling } = await plant(null);
    await expect(labelling.queue()).rejects.toMatchObject({ code: 'labels/no-classes' });
  });

  it('are trained on with the class that was named, and not any more once that is taken back', async () => {
    const { labelling } = await plant();
    const { root: dataset, write } = temporaryFolder();
    for (let shade = 100; shade < 104; shade++) write(`良品/${shade}.png`, await picture(shade));
    const [first] = (await labelling.queue()).pictures;
    await labelling.label({ picture: first!.picture, className: 'キズ', labelledBy: '佐藤' });
    const read = async () =>
      (await loadDataset(dataset, TASK, { labelled: await labelling.labelled() })).summary.classes;
    expect(await read()).toEqual([
      { name: '良品', count: 4 },
      { name: 'キズ', count: 1 },
    ]);
    labelling.undo();
    expect((await read())[1]).toEqual({ name: 'キズ', count: 0 });
  });
});

describe('the labels that are kept', () => {
  it('are, after any labelling, correcting and undoing, what a stack of them says', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ picture: fc.constantFrom('p', 'q', 'r'), className: fc.constantFrom('良品', 'キズ') }),
        fc.constant('undo' as const),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const labels = store();
        const stack: { picture: string; className: string }[] = [];
        for (const [index, step] of list.entries()) {
          const at = new Date(index).toISOString();
          if (step === 'undo') {
            const undone = labels.undo(at);
            const { picture, className } = stack.pop() ?? {};
            expect(undone === null ? {} : { picture: undone.picture, className: undone.className }).toEqual(
              picture === undefined ? {} : { picture, className },
            );
          } else {
            labels.add({ ...step, path: '/x', labelledBy: '山田', labelledAt: at });
            stack.push(step);
          }
          const expected = new Map(stack.map(({ picture, className }) => [picture, className]));
          expect(new Map([...labels.inForce()].sort())).toEqual(new Map([...expected].sort()));
        }
      }),
      { numRuns: 30 },
    );
  });
});

it.each([
  ['/data/parts', '/data/parts', false],
  ['/data/parts/new', '/data/parts', false],
  ['/data', '/data/parts', false],
  ['/data/new', '/data/parts', true],
  ['/data/parts 2', '/data/parts', true],
  ['/data/new', null, true],
])('an inbox %s beside the dataset %s is fine: %s', (inbox, dataset, isFine) => {
  const check = () => requireApart(inbox, dataset);
  if (isFine) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: 'labels/folder-overlaps' }));
});
