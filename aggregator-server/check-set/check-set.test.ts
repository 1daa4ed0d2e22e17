import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { idxHeader } from '@genba/shared/model/idx';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { smallTask } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { CheckSetJudge } from './check-set-judge.ts';
import { readCheckSet } from './read-check-set.ts';

const TABLE = smallTask({ hiddenUnits: [] });
const PICTURES = parseTask({
  id: 'pictures',
  name: { en: 'Pictures', ja: '絵' },
  input: { kind: 'image', width: 4, height: 4, channels: 1 },
  classes: ['dark', 'bright'],
  model: { template: 'mlp', hiddenUnits: [] },
});

/** Rows whose first column decides: above 0 is class 1. Big-endian, as IDX wants it. */
function rows(count: number): { inputs: Uint8Array; labels: Uint8Array } {
  const values = new DataView(new ArrayBuffer(count * 16));
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const first = row % 2 === 0 ? -1 : 1;
    labels[row] = first > 0 ? 1 : 0;
    [first, 0.5, -0.25, row / count].forEach((value, column) => {
      values.setFloat32(16 * row + 4 * column, value);
    });
  }
  const inputs = Uint8Array.from([...idxHeader('float32', [count, 4]), ...new Uint8Array(values.buffer)]);
  return { inputs, labels: Uint8Array.from([...idxHeader('uint8', [count]), ...labels]) };
}

async function folderWith(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(await temporaryFolder(), '確認 データ');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

/** A linear model whose logit of class 1 is the first column, times `sign`. */
function firstColumn(sign: number): Float32Array {
  const weights = new Float32Array(weightLayout(TABLE).size);
  weights[1] = sign;
  return weights;
}

describe('a check set', () => {
  it('of rows judges weights, in steps that leave no rest out', async () => {
    // More than one step of the judge.
    const { inputs, labels } = rows(601);
    const folder = await folderWith({
      'inputs-idx2-float': inputs,
      'labels-idx1-ubyte.gz': gzipSync(labels),
    });
    const judge = await CheckSetJudge.load(TABLE, folder);
    expect(await judge.score(firstColumn(1))).toBe(1);
    expect(await judge.score(firstColumn(-1))).toBe(0);
    // All logits alike: the first class, which 301 of 601 are.
    expect(await judge.score(firstColumn(0))).toBe(301 / 601);
    // A logit that is not a number is never the largest; where none is a number, nothing is right.
    expect(await judge.score(firstColumn(Number.NaN))).toBe(301 / 601);
    expect(await judge.score(firstColumn(0).fill(Number.NaN))).toBe(0);
  });

  it('of pictures scales them as the plants do', async () => {
    const images = Uint8Array.from([
      ...idxHeader('uint8', [2, 4, 4]),
      ...Array(16).fill(100),
      ...Array(16).fill(200),
    ]);
    const labels = Uint8Array.from([...idxHeader('int32', [2]), 0, 0, 0, 0, 0, 0, 0, 1]);
    const folder = await folderWith({ 'test-images-idx3-ubyte': images, 'test-labels-idx1-int': labels });
    const judge = await CheckSetJudge.load(PICTURES, folder);
    // Logit of class 1: the sum of 16 pixels, less 9.6, which is that of 153 of 255 each.
    const weights = new Float32Array(weightLayout(PICTURES).size);
    for (let pixel = 0; pixel < 16; pixel++) weights[2 * pixel + 1] = 1;
    weights[33] = -9.6;
    expect(await judge.score(weights)).toBe(1);
    weights[33] = -16 * (220 / 255);
    expect(await judge.score(weights)).toBe(0.5);
  });

  it.each([
    ['no files', {}, '0 files of inputs'],
    [
      'two files of labels',
      { inputs: rows(2).inputs, labels: rows(2).labels, 'labels.gz': rows(2).labels },
      '2 files',
    ],
    ['too few labels', { inputs: rows(3).inputs, labels: rows(2).labels }, '2 labels for 3 examples'],
    [
      'bytes for a table',
      { inputs: Uint8Array.from([...idxHeader('uint8', [1, 4]), 1, 2, 3, 4]), labels: rows(1).labels },
      'bytes',
    ],
    [
      'other columns',
      { inputs: Uint8Array.from([...idxHeader('float32', [1, 1]), 0, 0, 0, 0]), labels: rows(1).labels },
      '1 values per example',
    ],
    [
      'a foreign class',
      { inputs: rows(1).inputs, labels: Uint8Array.from([...idxHeader('uint8', [1]), 2]) },
      'label 1 is none',
    ],
    ['no examples', { inputs: idxHeader('float32', [0, 4]), labels: idxHeader('uint8', [0]) }, 'no examples'],
    [
      'NaN',
      {
        inputs: Uint8Array.from([
          ...idxHeader('float32', [1, 4]),
          ...[1, 2, 3, 4].flatMap(() => [0x7f, 0xc0, 0, 0]),
        ]),
        labels: rows(1).labels,
      },
      'not a number',
    ],
    [
      'something else',
      { inputs: new TextEncoder().encode('a,b,c,d'), labels: rows(1).labels },
      'no IDX file',
    ],
    [
      'a broken archive',
      { 'inputs.gz': Uint8Array.of(1, 2, 3), labels: rows(1).labels },
      'inputs.gz: cannot be read',
    ],
  ])('with %s is refused', async (_what, files, reason) => {
    const refused = readCheckSet(await folderWith(files as Record<string, Uint8Array>), TABLE);
    await expect(refused).rejects.toMatchObject({
      code: 'check-set/unusable',
      detail: expect.stringContaining(reason),
    });
  });
});

describe('an engine with a check set', () => {
  it('quarantines what spoils the served model, however ordinary its size, and goes on', async () => {
    const { inputs, labels } = rows(200);
    const checkSet = await folderWith({ inputs, labels });
    const folder = await temporaryFolder();
    const bench = await EngineBench.open(folder, TABLE, undefined, { checkSet });
    onTestFinished(() => bench.close());
    for (const plant of ['osaka', 'nagoya']) await bench.join(plant);
    const report = async (clientId: string, weights: Float32Array) => {
      const { base } = await bench.baseOf(clientId);
      const updateId = crypto.randomUUID();
      await bench.deliver({ updateId, clientId, baseId: base.baseId, weights });
      await bench.engine.whenIdle();
      return (await bench.store.catalogue.findUpdate(updateId))!;
    };
    const first = initialWeights(weightLayout(TABLE), TABLE.seed);
    const learnt = first.map((value, index) => value + firstColumn(5)[index]!);
    expect(await report('osaka', learnt)).toMatchObject({ state: 'applied' });
    const spoilt = first.map((value, index) => value + firstColumn(-20)[index]!);
    expect(await report('nagoya', spoilt)).toMatchObject({ state: 'quarantined' });
    const [held] = await bench.store.screening.quarantined(null);
    expect(held!.finding).toEqual({ kind: 'check-set', metric: 'accuracy', before: 1, after: 0, limit: 0.7 });
    // Commands that work without the server know where it lies.
    expect(await bench.store.screening.checkSet(TABLE.id)).toBe(checkSet);
    const { weights } = await bench.baseOf('osaka');
    expect(await report('osaka', weights)).toMatchObject({ state: 'applied' });
  });
});
