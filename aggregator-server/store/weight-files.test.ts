import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bytesOf, sha256 } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { WeightFiles, weightFilePath } from './weight-files.ts';

const WEIGHTS = Float32Array.of(1.5, -0, 3e-12, 42);
const NONE_KEPT = async (digests: readonly string[]) => [...digests];

async function open(): Promise<{ folder: string; files: WeightFiles }> {
  const folder = join(await temporaryFolder(), 'weights');
  return { folder, files: await WeightFiles.open(folder) };
}

async function put(files: WeightFiles, weights: Float32Array): Promise<string> {
  const batch = files.begin();
  const digest = await batch.put(weights);
  batch.end();
  return digest;
}

it('names a vector by its content and gives it back bit by bit', async () => {
  const { files } = await open();
  const digest = await put(files, WEIGHTS);
  expect(digest).toBe(sha256(bytesOf(WEIGHTS)));
  expect(bytesOf(await files.read(digest))).toEqual(bytesOf(WEIGHTS));
  expect(await put(files, WEIGHTS)).toBe(digest);
  expect(await files.list()).toEqual([digest]);
});

it('reads from any place of a part of a larger buffer, and an empty vector', async () => {
  const { files } = await open();
  const part = WEIGHTS.subarray(1, 3);
  const digest = await put(files, part);
  expect(await files.read(digest)).toEqual(part.slice());
  const reader = await files.open(digest);
  expect(reader.sizeBytes).toBe(8);
  const target = new Uint8Array(100);
  expect(await reader.read(target, 4)).toBe(4);
  expect(target.subarray(0, 4)).toEqual(bytesOf(part.slice()).subarray(4));
  await reader.close();
  expect(await files.read(await put(files, new Float32Array()))).toHaveLength(0);
});

it('spans several pieces of a large file', async () => {
  const { files } = await open();
  const large = Float32Array.from({ length: 600_001 }, (_, index) => index / 7);
  expect(await files.read(await put(files, large))).toEqual(large);
});

it('refuses to read what was changed, cut or lost', async () => {
  const { folder, files } = await open();
  const digest = await put(files, WEIGHTS);
  const path = weightFilePath(folder, digest);
  for (const damage of [
    () => appendFile(path, new Uint8Array(4)),
    () => writeFile(path, bytesOf(WEIGHTS).subarray(0, 12)),
    () => writeFile(path, bytesOf(WEIGHTS).subarray(0, 3)),
  ]) {
    await damage();
    await expect(files.read(digest)).rejects.toMatchObject({ code: 'store/damaged' });
  }
  // Writing the same content again heals it.
  await put(files, WEIGHTS);
  expect(await files.read(digest)).toEqual(WEIGHTS);
  await files.removeUnreferenced([digest], NONE_KEPT);
  await expect(files.read(digest)).rejects.toMatchObject({ code: 'store/damaged' });
  await expect(files.open(digest)).rejects.toMatchObject({ code: 'store/damaged' });
});

it('moves in a staged file', async () => {
  const { folder, files } = await open();
  const path = join(folder, '..', 'arrived.part');
  await writeFile(path, bytesOf(WEIGHTS));
  const batch = files.begin();
  await batch.moveIn({ path, digest: sha256(bytesOf(WEIGHTS)) });
  batch.end();
  expect(await files.read(sha256(bytesOf(WEIGHTS)))).toEqual(WEIGHTS);
  expect(await readdir(join(folder, '..'))).toEqual(['weights']);
});

it('removes what nothing needs, but never what a batch holds or touched meanwhile', async () => {
  const { files } = await open();
  const needed = await put(files, WEIGHTS);
  const old = await put(files, Float32Array.of(1));
  const held = Float32Array.of(2);
  const batch = files.begin();
  const heldDigest = await batch.put(held);
  const touched = await put(files, Float32Array.of(3));
  const removed = await files.removeUnreferenced([needed, old, heldDigest, touched], async (digests) => {
    await put(files, Float32Array.of(3));
    return digests.filter((digest) => digest !== needed);
  });
  expect(removed).toBe(1);
  expect((await files.list()).sort()).toEqual([needed, heldDigest, touched].sort());
  batch.end();
  expect(await files.removeUnreferenced([heldDigest, old], NONE_KEPT)).toBe(1);
});

it('keeps what is taken in while its removal is under way', async () => {
  const { files } = await open();
  for (let round = 0; round < 20; round++) {
    const digest = await put(files, WEIGHTS);
    // The batch touches the file some turns of the event loop later than the removal begins, each time a few more.
    const removal = files.removeUnreferenced([digest], NONE_KEPT);
    for (let turn = 0; turn < round; turn++) await setImmediate();
    expect(await put(files, WEIGHTS)).toBe(digest);
    await removal;
    expect(await files.read(digest)).toEqual(WEIGHTS);
    expect(files.usedBytes).toBe(WEIGHTS.byteLength);
  }
});

it('clears interrupted writes when it opens', async () => {
  const { folder } = await open();
  await writeFile(join(folder, 'temporary', 'half'), 'x');
  await WeightFiles.open(folder);
  expect(await readdir(join(folder, 'temporary'))).toEqual([]);
});
