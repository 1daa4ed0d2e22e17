import { describe, expect, it } from 'vitest';
import { detectDataset } from './detect.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('detectDataset', () => {
  it('recognises class folders and overlooks what systems leave behind', async () => {
    const { root, write } = temporaryFolder();
    write('良品/1.png', '');
    write('不良 品/1.png', '');
    for (const name of ['.DS_Store', 'Thumbs.db', 'desktop.ini', '.git/x', '__MACOSX/x']) write(name, '');
    expect(await detectDataset(root)).toEqual({
      kind: 'images',
      folder: root,
      classFolders: ['不良 品', '良品'],
    });
  });

  it.each([
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
    ['images.idx3-ubyte.gz', 'labels.idx1-ubyte.gz'],
  ])('recognises %s with its labels', async (images, labels) => {
    const { root, write } = temporaryFolder();
    const imagesFile = write(images, '');
    const labelsFile = write(labels, '');
    expect(await detectDataset(root)).toEqual({ kind: 'idx', imagesFile, labelsFile });
  });

  it('recognises a CSV file, and a folder of them', async () => {
    const { root, write } = temporaryFolder();
    const file = write('設備 データ.CSV', 'a,b\n');
    expect(await detectDataset(file)).toEqual({ kind: 'csv', files: [file] });
    const second = write('追加.csv', 'a,b\n');
    expect(await detectDataset(root)).toEqual({ kind: 'csv', files: [file, second] });
  });

  it('refuses a path where nothing is', async () => {
    const { root } = temporaryFolder();
    await expect(detectDataset(`${root}/無い`)).rejects.toMatchObject({ code: 'dataset/not-found' });
  });

  it.each([
    ['an empty folder', []],
    ['a folder of loose files', ['a.png', 'b.png']],
    ['images without labels', ['train-images-idx3-ubyte']],
    ['two pairs of IDX files', ['a-images-idx3', 'a-labels-idx1', 'b-images-idx3', 'b-labels-idx1']],
  ])('does not recognise %s', async (_name, files) => {
    const { root, write } = temporaryFolder();
    for (const file of files) write(file, '');
    await expect(detectDataset(root)).rejects.toMatchObject({ code: 'dataset/unrecognised' });
  });

  it('does not recognise a single file that is no table', async () => {
    const file = temporaryFolder().write('部品.xlsx', '');
    await expect(detectDataset(file)).rejects.toMatchObject({ code: 'dataset/unrecognised' });
  });
});
