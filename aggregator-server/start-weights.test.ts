import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { beforeEach, describe, expect, it } from 'vitest';
import { exportModel } from './operations/export-model.ts';
import { readStartWeights } from './start-weights.ts';
import { bytesOf, randomWeights, smallTask, trained, weightsOf } from './testing/fixtures.ts';
import { startForTest } from './testing/gateway-bench.ts';
import { mergedFolder } from './testing/merged-folder.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { TestClient, updateOffer } from './testing/test-client.ts';

const TASK = smallTask();
const LAYOUT = weightLayout(TASK);

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: object;
}

const ENTRIES: readonly Entry[] = LAYOUT.tensors.map(({ name, shape }) => ({
  name,
  shape,
  dtype: 'float32',
}));

let folder: string;

beforeEach(async () => {
  folder = join(await temporaryFolder(), '学習済み model');
  await mkdir(folder);
});

/** Writes a model of TensorFlow.js. @returns its model.json */
async function modelOf(
  groups: readonly { paths: readonly string[]; weights: readonly Entry[] }[],
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const path = join(folder, 'model.json');
  await writeFile(
    path,
    JSON.stringify({ format: 'layers-model', modelTopology: {}, weightsManifest: groups }),
  );
  return path;
}

describe('start weights', () => {
  it('are those of a model that was exported', async () => {
    const dataFolder = await mergedFolder({ task: TASK, updates: 2 });
    const to = join(folder, 'export');
    const { digest } = await exportModel({ dataFolder, taskId: TASK.id, to });
    const stored = await readFile(join(dataFolder, 'weights', digest.slice(0, 2), digest));
    const path = join(to, 'model.json');
    expect(await readStartWeights(path, TASK)).toEqual(weightsOf(stored));
    // As an editor of Windows saves it.
    await writeFile(path, `\uFEFF${await readFile(path, 'utf8')}`);
    expect(await readStartWeights(path, TASK)).toEqual(weightsOf(stored));
  });

  it('find their places by name, over several files, in any order, whatever stands in between', async () => {
    const weights = randomWeights(TASK, 7);
    const sorted = LAYOUT.tensors.toReversed();
    const whole = sorted.flatMap(({ offset, size }) => [...weights.subarray(offset, offset + size)]);
    const bytes = bytesOf(Float32Array.from(whole));
    const entries = sorted.map(({ name, shape }) => {
      const [layer, weight] = name.split('/');
      return { name: `${layer}/cell/${weight}:0`, shape, dtype: 'float32' };
    });
    const first = LAYOUT.tensors.at(-1)!.size * 4;
    const path = await modelOf(
      [
        { paths: ['a.bin'], weights: entries.slice(0, 1) },
        { paths: ['b.bin', 'c.bin'], weights: entries.slice(1) },
      ],
      // The second group is cut in the middle of a number, as its converter may do.
      {
        'a.bin': bytes.subarray(0, first),
        'b.bin': bytes.subarray(first, first + 6),
        'c.bin': bytes.subarray(first + 6),
      },
    );
    expect(await readStartWeights(path, TASK)).toEqual(weights);
  });

  const whole = bytesOf(randomWeights(TASK, 7));
  const [first, ...others] = ENTRIES as [Entry, ...Entry[]];
  const last = others.at(-1)!;
  const one = (weights: readonly Entry[], paths: readonly string[] = ['w.bin']) => [{ paths, weights }];
  const changed = (change: Partial<Entry>) => one([{ ...first, ...change }, ...others]);
  it.each<[string, ReturnType<typeof one>, Uint8Array, string]>([
    ['lack some', one(others), whole.subarray(bytesIn(first)), `"${first.name}" is missing`],
    ['have others', changed({ name: 'other/kernel' }), whole, '"other/kernel" is not among the weights'],
    [
      'have one twice',
      one([...others, last]),
      whole.subarray(bytesIn(first) - bytesIn(last)),
      'is there twice',
    ],
    ['have other shapes', changed({ shape: first.shape.toReversed() }), whole, "the task's model has"],
    [
      'are quantised',
      changed({ quantization: { dtype: 'uint8' } }),
      whole,
      'is quantised; save it as float32',
    ],
    ['are of another type', changed({ dtype: 'int32' }), whole, 'is int32; save it as float32'],
    ['end early', one(ENTRIES), whole.subarray(4), 'not the'],
    ['go on', one(ENTRIES), new Uint8Array(whole.byteLength + 4), 'not the'],
    ['lie elsewhere', one(ENTRIES, ['../w.bin']), whole, '"../w.bin" is not a file beside it'],
    ['lie elsewhere on Windows', one(ENTRIES, ['..\\w.bin']), whole, 'is not a file beside it'],
    ['are more than there may be', one([{ ...first, shape: [1e6, 1e6] }]), whole, 'more than'],
    ['are no numbers', one(ENTRIES), new Uint8Array(whole.byteLength).fill(0xff), 'not numbers'],
  ])('are refused where they %s', async (_what, groups, bytes, reason) => {
    const path = await modelOf(groups, { 'w.bin': bytes });
    const refused = { code: 'task/invalid', detail: expect.stringContaining(reason) };
    await expect(readStartWeights(path, TASK)).rejects.toMatchObject(refused);
    await expect(readStartWeights(path, TASK)).rejects.toMatchObject({
      detail: expect.stringContaining(path),
    });
  });

  it('are refused where the file is none, or no model', async () => {
    const path = join(folder, 'model.json');
    const refusedWith = (reason: string) =>
      expect(readStartWeights(path, TASK)).rejects.toMatchObject({
        code: 'task/invalid',
        detail: expect.stringContaining(reason),
      });
    await refusedWith('no such file');
    await writeFile(path, '{');
    await refusedWith('not JSON at line 1, column 2');
    await writeFile(path, '{"modelTopology":{}}');
    await refusedWith('not a model.json of TensorFlow.js with its weights');
  });

  it('are what a new task begins with, and nothing to one that has begun', async () => {
    const weights = randomWeights(TASK, 7);
    const path = await modelOf(one(ENTRIES), { 'w.bin': bytesOf(weights) });
    const startWeights = new Map([[TASK.id, path]]);
    const server = await startForTest({ tasks: [TASK], startWeights });
    const { client } = await TestClient.join(server.address, { taskId: TASK.id });
    const begun = await client.begin();
    expect(begun.weights).toEqual(weights);
    expect(begun.weights).not.toEqual(initialWeights(LAYOUT, TASK.seed));
    const base = { taskId: TASK.id, baseId: begun.offer.baseId, baseVersion: 0 };
    const learnt = trained(begun.weights, 1);
    await client.upload(updateOffer(base, learnt), learnt);
    await server.close();
    // Even where they are gone.
    await writeFile(path, '');
    const again = await startForTest({ tasks: [TASK], startWeights, dataFolder: server.dataFolder });
    await again.close();
    const unknown = startForTest({ tasks: [TASK], startWeights: new Map([['other', path]]) });
    await expect(unknown).rejects.toMatchObject({
      code: 'task/invalid',
      detail: '--start-weights: other: no task file has this id',
    });
  });
});

function bytesIn({ shape }: Entry): number {
  return shape.reduce((size, side) => size * side, Float32Array.BYTES_PER_ELEMENT);
}
