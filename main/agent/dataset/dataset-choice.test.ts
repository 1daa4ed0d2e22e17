import type { DataPreview } from '@genba/shared/local-api/preview';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAgentDatabase } from '../store/database.ts';
import { SettingsStore } from '../store/settings.ts';
import { DatasetChoice } from './dataset-choice.ts';
import { previewData } from './preview.ts';
import type { ReadingWatch } from './reader-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A choice over a real database, and two files that can be used. */
function plant(preview?: (watch: ReadingWatch) => Promise<DataPreview>) {
  const { root, write } = temporaryFolder();
  const database = openAgentDatabase(root);
  onTestFinished(() => {
    database.close();
  });
  const settings = new SettingsStore(database, 'PC');
  const read = new Set<string>();
  let chosenCount = 0;
  const choice = new DatasetChoice({
    settings,
    task: () => null,
    isRead: () => read.has(settings.read().dataset ?? ''),
    onProgress: () => undefined,
    onChosen: () => {
      chosenCount += 1;
    },
    preview: (job, watch) => (preview === undefined ? previewData(job) : preview(watch)),
  });
  const [first, second] = ['一.csv', '二.csv'].map((name) => write(name, '温度\n1\n'));
  const dataset = () => settings.read().dataset;
  return { root, choice, read, first: first!, second: second!, dataset, chosen: () => chosenCount };
}

describe('a choice of data', () => {
  it('is looked at first: what cannot be used changes nothing', async () => {
    const { root, choice, first, dataset, chosen } = plant();
    await choice.choose(first);
    await expect(choice.choose(`${root}/無い`)).rejects.toMatchObject({ code: 'dataset/not-found' });
    expect(dataset()).toBe(first);
    await choice.choose(first);
    expect(chosen()).toBe(1);
  });

  it('can be given up until it is read, and is kept from then on', async () => {
    const { choice, read, first, second, dataset } = plant();
    await choice.choose(first);
    choice.cancel();
    expect(dataset()).toBeNull();
    await choice.choose(first);
    read.add(first);
    await choice.choose(second);
    choice.cancel();
    expect(dataset()).toBe(first);
    await choice.choose(second);
    read.add(second);
    choice.cancel();
    expect(dataset()).toBe(second);
    // Back again, as any other choice.
    await choice.choose(first);
    expect(dataset()).toBe(first);
  });

  it('goes back to what was in use, also after several choices', async () => {
    const { choice, read, first, second, dataset, root } = plant();
    await choice.choose(first);
    read.add(first);
    await choice.choose(second);
    await choice.choose(root);
    choice.cancel();
    expect(dataset()).toBe(first);
  });
});

describe('a look', () => {
  it('is broken off by the next one, and by hand', async () => {
    const looks: ReadingWatch[] = [];
    const { choice, dataset } = plant(
      (watch) =>
        new Promise((_, reject) => {
          looks.push(watch);
          watch.signal.addEventListener('abort', () => reject(watch.signal.reason));
          watch.onProgress?.(3, 10);
        }),
    );
    const [one, two] = [choice.preview('/a'), choice.choose('/b')];
    const ended = Promise.allSettled([one, two]);
    expect(choice.progress).toMatchObject({ done: 3, total: 10, unit: 'files' });
    choice.cancel();
    const cancelled = { status: 'rejected', reason: expect.objectContaining({ code: 'dataset/cancelled' }) };
    expect(await ended).toEqual([cancelled, cancelled]);
    expect(looks.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(choice.progress).toBeNull();
    expect(dataset()).toBeNull();
  });
});
