import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../testing/fixtures.ts';
import { ON_DISK, temporaryFolder } from '../testing/temporary-folder.ts';
import { PartFiles } from './part-files.ts';
import { ProvedWeights } from './proved-weights.ts';
import { BLOCK_BYTES, sharedBytes, UncachedFile } from './uncached-file.ts';
import { discardStaged, stageVector } from './vector-files.ts';
import { WeightFiles } from './weight-files.ts';

/** No whole number of blocks. */
const LENGTH = 300_007;
const WEIGHTS = Float32Array.from({ length: LENGTH }, (_, i) => Math.sin(i));
const BYTES = new Uint8Array(WEIGHTS.buffer);
/** Uneven, as frames are. */
const PIECE_BYTES = 100_003;

async function anyFolder(): Promise<string> {
  const folder = await temporaryFolder(ON_DISK);
  await WeightFiles.open(folder);
  return folder;
}

it('writes whole blocks, and says how far it came', async () => {
  const path = join(await temporaryFolder(ON_DISK), 'file');
  await writeFile(path, '');
  const memory = sharedBytes(BYTES.byteLength);
  memory.set(BYTES);
  const file = await UncachedFile.open(path, memory.byteLength);
  // Linux has it.
  expect(file === null).toBe(process.platform !== 'linux');
  if (file === null) return;
  expect(await file.write(memory, { from: 0, to: BLOCK_BYTES - 1 })).toBe(0);
  expect(await file.write(memory, { from: 0, to: 3 * BLOCK_BYTES + 1 })).toBe(3 * BLOCK_BYTES);
  const end = BYTES.byteLength - (BYTES.byteLength % BLOCK_BYTES);
  expect(await file.write(memory, { from: 3 * BLOCK_BYTES, to: BYTES.byteLength })).toBe(end);
  await file.close();
  expect(sha256(await readFile(path))).toBe(sha256(BYTES.subarray(0, end)));
});

it('leaves to the system what lies where the disk cannot read it', async () => {
  const path = join(await temporaryFolder(ON_DISK), 'file');
  await writeFile(path, '');
  const file = await UncachedFile.open(path, BYTES.byteLength);
  const unaligned = sharedBytes(BYTES.byteLength).subarray(4);
  expect((await file?.write(unaligned, { from: 0, to: unaligned.byteLength })) ?? 0).toBe(0);
  await file?.close();
});

it('is not for small files', async () => {
  expect(await UncachedFile.open('nowhere', 1000)).toBeNull();
});

it('a vector is staged whole, with its digest, wherever it lies and whichever way it goes', async () => {
  const folder = await anyFolder();
  const shared = sharedBytes(BYTES.byteLength);
  shared.set(BYTES);
  const aligned = new Float32Array(shared.buffer, 0, WEIGHTS.length);
  const ways = [WEIGHTS, aligned].flatMap((vector) =>
    [true, false].map((isReadSoon) => ({ vector, isReadSoon })),
  );
  for (const { vector, isReadSoon } of ways) {
    const staged = await stageVector(folder, vector, { isReadSoon });
    expect(staged.digest).toBe(sha256(BYTES));
    expect(sha256(await readFile(staged.path))).toBe(staged.digest);
    await discardStaged([staged]);
  }
});

it('an upload through memory is whole, and one that is cut off leaves all that came', async () => {
  const folder = await temporaryFolder(ON_DISK);
  const options = { isJournaled: async () => false, now: new Date(), proved: new ProvedWeights() };
  const content = {
    clientId: crypto.randomUUID(),
    purpose: 'update',
    id: crypto.randomUUID(),
    sha256: sha256(BYTES),
    sizeBytes: BYTES.byteLength,
    encoding: 'float32',
  } as const;
  const parts = await PartFiles.open(folder, options);
  const cut = await parts.take(content);
  for (let at = 0; at < 5 * PIECE_BYTES; at += PIECE_BYTES)
    await cut.append(BYTES.subarray(at, at + PIECE_BYTES));
  await cut.close();
  expect(sha256(await readFile(cut.path))).toBe(sha256(BYTES.subarray(0, 5 * PIECE_BYTES)));
  await cut.drop();
  const whole = await parts.take({ ...content, id: crypto.randomUUID() });
  for (let at = 0; at < BYTES.byteLength; at += PIECE_BYTES)
    await whole.append(BYTES.subarray(at, at + PIECE_BYTES));
  expect(await whole.prove()).toEqual({ path: whole.path, digest: content.sha256 });
  await whole.close();
  expect(sha256(await readFile(whole.path))).toBe(content.sha256);
});
