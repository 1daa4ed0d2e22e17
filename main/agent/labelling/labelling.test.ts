import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Suggestion } from '@genba/shared/local-api/labelling';
import { parseTask, type Task } from '@genba/shared/model/task';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

function storeAndDatabase() {
  const database = openAgentDatabase(temporaryFolder().root);
  onTestFinished(() => {
    database.close();
  });
  return { database, labels: new LabelStore(database) };
}

/** A grey picture, every shade another one. */
const picture = (shade: number) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: shade, b: shade } } })
    .png()
    .toBuffer();

const ALL = { labelledBy: null, except: [] };

interface PlantOptions {
  readonly task?: Task | null;
  /** How sure the model is of a picture, by its name; null: there is no model. */
  readonly confidences?: Record<string, number> | null;
}

async function plant({ task = TASK, confidences = null }: PlantOptions = {}) {
  const { root, write } = temporaryFolder();
  const { labels } = storeAndDatabase();
  const asked: string[][] = [];
  const model = { confidences };
  const labelling = new Labelling({
    store: labels,
    task: () => task,
    folder: () => root,
    suggest: async (pictures) => {
      const names = pictures.map((each) => path.basename(each.path));
      asked.push(names);
      const { confidences: known } = model;
      if (known === null) return [];
      return names.map((name): Suggestion | null => {
        const confidence = known[name];
        return confidence === undefined ? null : { className: 'キズ', confidence };
      });
    },
    onLabels: () => {},
  });
  onTestFinished(() => labelling.stop());
  for (const [index, name] of ['c.png', 'a.png', '夜勤/b.png', 'd.png'].entries()) {
    write(name, await picture(10 + index));
  }
  write('メモ.txt', 'not a picture');
  return { root, write, labels, labelling, asked, model };
}

const names = async (labelling: Labelling) => (await labelling.queue(ALL)).pictures.map(({ name }) => name);
/** The queue once the model has looked at all that wait. */
const judged = (labelling: Labelling) =>
  vi.waitFor(async () => {
    const queue = await labelling.queue(ALL);
    expect(queue.unjudged).toBe(0);
    return queue;
  });

describe('new pictures', () => {
  it('are there before the model has looked at them, and the most uncertain ones first from then on', async () => {
    const confidences = { 'a.png': 0.99, 'c.png': 0.5, 'b.png': 0.7 };
    const { labelling, asked, model } = await plant({ confidences });
    expect(await labelling.queue(ALL)).toMatchObject({
      unread: 0,
      unjudged: 4,
      pictures: [{ name: 'a.png', suggestion: null }, {}, {}, {}],
    });
    const { pictures } = await judged(labelling);
    expect(pictures.map(({ name }) => name)).toEqual(['c.png', '夜勤/b.png', 'a.png', 'd.png']);
    expect(pictures[0]!.suggestion).toEqual({ className: 'キズ', confidence: 0.5 });
    // The model judges a picture once, until it is another model.
    await judged(labelling);
    expect(asked).toHaveLength(1);
    model.confidences = { ...confidences, 'a.png': 0.3 };
    labelling.modelChanged();
    await vi.waitFor(async () => expect((await names(labelling))[0]).toBe('a.png'));
    expect(asked).toHaveLength(2);
  });

  it('wait for no model where there is none, and are judged once there is', async () => {
    const { labelling, asked, model } = await plant();
    expect((await judged(labelling)).pictures).toHaveLength(4);
    expect(asked.length).toBeGreaterThan(0);
    model.confidences = { 'd.png': 0.6 };
    labelling.modelChanged();
    await vi.waitFor(async () => expect((await names(labelling))[0]).toBe('d.png'));
  });

  it('are shown while thousands are still to be read, and more of them on request', async () => {
    const { labelling, write } = await plant();
    const content = await picture(1);
    // What follows the end of a PNG belongs to no picture.
    for (let number = 0; number < 400; number++)
      write(`e${String(number).padStart(3, '0')}.png`, Buffer.concat([content, Buffer.from(`${number}`)]));
    const first = await labelling.queue(ALL);
    expect(first.unread).toBeGreaterThan(0);
    expect(first.pictures.length).toBeGreaterThanOrEqual(20);
    expect(first.waiting + first.labelled + first.unread).toBe(404);
    await vi.waitFor(async () => expect((await labelling.queue(ALL)).unread).toBe(0));
    const seen = new Set<string>();
    for (let page = 0; page < 3; page++) {
      const queue = await labelling.queue({ labelledBy: null, except: [...seen] });
      expect(queue).toMatchObject({ waiting: 404, unread: 0 });
      expect(queue.pictures.filter((each) => seen.has(each.picture))).toEqual([]);
      for (const each of queue.pictures) seen.add(each.picture);
    }
    expect(seen.size).toBe(404);
  });

  it('are gone from the list once labelled, with who and when, and come back by undo', async () => {
    const { labelling, labels } = await plant();
    const [first] = (await labelling.queue(ALL)).pictures;
    const { picture: id } = first!;
    await labelling.label({ picture: id, className: 'キズ', labelledBy: '山田' });
    const queue = await labelling.queue({ ...ALL, labelledBy: '山田' });
    const label = { className: 'キズ', labelledBy: '山田' };
    expect(queue).toMatchObject({ waiting: 3, labelled: 1, last: label, own: label });
    expect(Date.now() - Date.parse(queue.last!.labelledAt)).toBeLessThan(60_000);
    expect(labelling.undo({ picture: id, labelledBy: '山田' })).toMatchObject({ name: 'a.png', ...label });
    expect(await labelling.queue(ALL)).toMatchObject({ waiting: 4, labelled: 0, last: null });
    // Both marks stay.
    expect(labels.list(0, 10)).toMatchObject([{ labelledBy: '山田', undoneAt: expect.any(String) }]);
    expect(() => labelling.undo({ picture: id, labelledBy: '山田' })).toThrow(
      expect.objectContaining({ code: 'labels/nothing-to-undo' }),
    );
  });

  it('are given back by whoever has labelled them, and by nobody else', async () => {
    const { labelling } = await plant();
    const [first, second] = (await labelling.queue(ALL)).pictures.map(({ picture: id }) => id);
    const label = (id: string, labelledBy: string) =>
      labelling.label({ picture: id, className: 'キズ', labelledBy });
    await label(first!, '山田');
    await label(second!, '佐藤');
    const ofYamada = await labelling.queue({ ...ALL, labelledBy: '山田' });
    expect(ofYamada).toMatchObject({ own: { picture: first }, last: { picture: second } });
    expect((await labelling.queue({ ...ALL, labelledBy: '鈴木' })).own).toBeNull();
    expect(() => labelling.undo({ picture: second!, labelledBy: '山田' })).toThrow(
      expect.objectContaining({ code: 'labels/not-yours', detail: '佐藤' }),
    );
    // Somebody else has corrected it since.
    await label(first!, '佐藤');
    expect(() => labelling.undo({ picture: first!, labelledBy: '山田' })).toThrow(
      expect.objectContaining({ code: 'labels/not-yours' }),
    );
    labelling.undo({ picture: first!, labelledBy: '佐藤' });
    expect(labelling.undo({ picture: first!, labelledBy: '山田' })).toMatchObject({ labelledBy: '山田' });
    expect((await labelling.queue(ALL)).waiting).toBe(3);
  });

  it('keep their label when they are renamed or moved, and are shown once however many copies there are', async () => {
    const { root, write, labelling } = await plant({ confidences: { 'c.png': 0.5, 'd.png': 0.6 } });
    const { pictures } = await labelling.queue(ALL);
    const { picture: id } = pictures.find(({ name }) => name === 'a.png')!;
    await labelling.label({ picture: id, className: '良品', labelledBy: '佐藤' });
    renameSync(path.join(root, 'a.png'), path.join(root, '夜勤', 'z.png'));
    write('copy.png', await picture(11));
    await judged(labelling);
    expect(await names(labelling)).toEqual(['c.png', 'd.png', '夜勤/b.png']);
    expect(await labelling.labelled()).toEqual([{ path: path.join(root, 'copy.png'), className: '良品' }]);
    // One of the copies goes: the other is the picture.
    rmSync(path.join(root, 'copy.png'));
    expect(await labelling.labelled()).toEqual([
      { path: path.join(root, '夜勤', 'z.png'), className: '良品' },
    ]);
    expect(await labelling.pathOf(id)).toBe(path.join(root, '夜勤', 'z.png'));
  });

  it('are refused when they are gone, or the class is none of the task', async () => {
    const { root, labelling } = await plant();
    const [first] = (await labelling.queue(ALL)).pictures;
    const label = (className: string, picture = first!.picture) =>
      labelling.label({ picture, className, labelledBy: '佐藤' });
    await expect(label('保留')).rejects.toMatchObject({ code: 'labels/unknown-class' });
    await expect(label('キズ', '0'.repeat(64))).rejects.toMatchObject({ code: 'labels/unknown-picture' });
    await label('キズ');
    rmSync(root, { recursive: true });
    await expect(labelling.queue(ALL)).rejects.toMatchObject({ code: 'labels/folder-not-found' });
    // Training goes on with the rest.
    expect(await labelling.labelled()).toEqual([]);
    writeFileSync(root, '');
  });

  it('are none where the task has no pictures', async () => {
    const { labelling } = await plant({ task: null });
    await expect(labelling.queue(ALL)).rejects.toMatchObject({ code: 'labels/no-classes' });
  });

  it('are trained on with the class that was named, and not any more once that is taken back', async () => {
    const { labelling } = await plant();
    const { root: dataset, write } = temporaryFolder();
    for (let shade = 100; shade < 104; shade++) write(`良品/${shade}.png`, await picture(shade));
    const [first] = (await labelling.queue(ALL)).pictures;
    await labelling.label({ picture: first!.picture, className: 'キズ', labelledBy: '佐藤' });
    const read = async () =>
      (await loadDataset(dataset, TASK, { labelled: await labelling.labelled() })).summary.classes;
    expect(await read()).toEqual([
      { name: '良品', count: 4 },
      { name: 'キズ', count: 1 },
    ]);
    labelling.undo({ picture: first!.picture, labelledBy: '佐藤' });
    expect((await read())[1]).toEqual({ name: 'キズ', count: 0 });
  });
});

describe('the labels that are kept', () => {
  it('are, after any labelling, correcting and undoing, what a stack per picture says', () => {
    const person = fc.constantFrom('山田', '佐藤');
    const step = fc.record({
      picture: fc.constantFrom('p', 'q', 'r'),
      labelledBy: person,
      className: fc.constantFrom('良品', 'キズ', null),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { database, labels } = storeAndDatabase();
        const stack: { picture: string; labelledBy: string; className: string }[] = [];
        labels.inForce();
        for (const [index, { picture, labelledBy, className }] of steps.entries()) {
          const at = new Date(index).toISOString();
          const onTop = stack.findLast((each) => each.picture === picture);
          if (className !== null) {
            labels.add({ picture, className, path: '/x', labelledBy, labelledAt: at });
            stack.push({ picture, labelledBy, className });
          } else if (onTop !== undefined && onTop.labelledBy !== labelledBy) {
            expect(() => labels.undo({ picture, labelledBy }, at)).toThrow(
              expect.objectContaining({ code: 'labels/not-yours' }),
            );
          } else {
            expect(labels.undo({ picture, labelledBy }, at)?.className).toBe(onTop?.className);
            if (onTop !== undefined) stack.splice(stack.lastIndexOf(onTop), 1);
          }
          const expected = new Map(stack.map((each) => [each.picture, each.className]));
          expect(new Map([...labels.inForce()].sort())).toEqual(new Map([...expected].sort()));
          // What is kept in memory is what a start would find.
          expect(new LabelStore(database).inForce()).toEqual(labels.inForce());
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
