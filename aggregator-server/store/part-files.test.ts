import { open as openFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { bytesOf, sha256 } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { PartContent } from './part-file.ts';
import { PartFiles, type PartFilesOptions } from './part-files.ts';
import { ProvedWeights } from './proved-weights.ts';

const BYTES = bytesOf(Float32Array.of(1, 2, 3, 4));
const CLIENT = crypto.randomUUID();
const CONTENT: PartContent = {
  clientId: CLIENT,
  purpose: 'update',
  id: crypto.randomUUID(),
  sha256: sha256(BYTES),
  sizeBytes: BYTES.byteLength,
  encoding: 'float32',
};

function nameOf({ clientId, purpose, id, sha256 }: PartContent): string {
  return `${clientId}.${purpose}.${id}.${sha256}.part`;
}

async function open(folder: string, options: Partial<PartFilesOptions> = {}): Promise<PartFiles> {
  return PartFiles.open(folder, { isJournaled: async () => false, now: new Date(), ...options });
}

it('goes on where it stopped, and proves what it holds', async () => {
  const folder = await temporaryFolder();
  const parts = await open(folder);
  const first = await parts.take(CONTENT);
  await first.append(BYTES.subarray(0, 5));
  await first.close();
  expect(await readdir(folder)).toEqual([nameOf(CONTENT)]);
  const second = await (await open(folder)).take(CONTENT);
  expect(second.heldBytes).toBe(5);
  await second.append(BYTES.subarray(5));
  expect(second.isComplete).toBe(true);
  await second.prove();
  await second.drop();
  expect(await readdir(folder)).toEqual([]);
});

it('keeps what was written before the disk was full, and goes on from there', async () => {
  const folder = await temporaryFolder();
  const probe = await openFile(join(folder, 'probe'), 'w');
  await probe.close();
  const writes = vi.spyOn(Object.getPrototypeOf(probe), 'write');
  onTestFinished(() => void writes.mockRestore());
  const full = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  const parts = await open(folder);
  const part = await parts.take(CONTENT);
  await part.append(BYTES.subarray(0, 6));
  writes.mockRejectedValueOnce(full);
  await part.append(BYTES.subarray(6, 8));
  // Said with the last piece at the latest; what came behind the gap is not written.
  await expect(part.append(BYTES.subarray(8))).rejects.toMatchObject({ code: 'server/storage' });
  expect(part.heldBytes).toBe(6);
  await part.close();
  expect(await readFile(join(folder, nameOf(CONTENT)))).toEqual(Buffer.from(BYTES.subarray(0, 6)));
  const again = await parts.take(CONTENT);
  expect(again.heldBytes).toBe(6);
  await again.append(BYTES.subarray(6));
  await again.prove();
  await again.close();
});

it.each([
  ['in memory', new ProvedWeights()],
  ['in the pieces that came', new ProvedWeights(0)],
])('says when it needs a piece no more, with what waits for the disk %s', async (_, proved) => {
  const parts = await open(await temporaryFolder(), { proved });
  const part = await parts.take(CONTENT);
  for (const end of [6, 10, BYTES.byteLength]) {
    const piece = Uint8Array.from(BYTES.subarray(part.heldBytes, end));
    // Freed memory is gone, as that of a frame is.
    await part.append(piece, () => piece.buffer.transfer(0));
  }
  expect(await part.prove()).toEqual({ path: part.path, digest: CONTENT.sha256 });
  await part.close();
  expect(await readFile(part.path)).toEqual(Buffer.from(BYTES));
});

it('belongs to one sender at a time', async () => {
  const parts = await open(await temporaryFolder());
  const first = await parts.take(CONTENT);
  const other = { ...CONTENT, clientId: crypto.randomUUID() };
  for (const content of [CONTENT, other]) {
    await expect(parts.take(content)).rejects.toMatchObject({ code: 'update/id-conflict' });
  }
  await first.close();
  await (await parts.take(CONTENT)).close();
});

it('starts again when it is longer than it may be', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, nameOf(CONTENT)), new Uint8Array(BYTES.byteLength + 1));
  const part = await (await open(folder)).take(CONTENT);
  expect(part.heldBytes).toBe(0);
  await part.close();
});

it('is cleared at start when its update is journaled or nobody came back for it, and kept otherwise', async () => {
  const folder = await temporaryFolder();
  const of = (purpose: 'update' | 'start') =>
    nameOf({ ...CONTENT, clientId: crypto.randomUUID(), purpose, id: crypto.randomUUID() });
  const [journaled, abandoned, kept, start] = [of('update'), of('update'), of('update'), of('start')];
  for (const name of [journaled, abandoned, kept, start]) await writeFile(join(folder, name), 'x');
  await utimes(join(folder, abandoned), 0, 0);
  await writeFile(join(folder, 'foreign.txt'), 'x');
  await writeFile(join(folder, `${CONTENT.id}.${CONTENT.sha256}.part`), 'of an early program');
  await open(folder, { isJournaled: async (id) => journaled.includes(id) || start.includes(id) });
  expect((await readdir(folder)).sort()).toEqual([kept, start, 'foreign.txt'].sort());
});

it('is one per client and purpose: the older one is given up, also after a restart', async () => {
  const folder = await temporaryFolder();
  const start: PartContent = { ...CONTENT, purpose: 'start', id: crypto.randomUUID() };
  const stranger: PartContent = { ...CONTENT, clientId: crypto.randomUUID(), id: crypto.randomUUID() };
  let parts = await open(folder);
  for (const content of [CONTENT, start, stranger]) await (await parts.take(content)).close();
  for (let count = 0; count < 5; count++) {
    if (count === 3) parts = await open(folder);
    await (await parts.take({ ...CONTENT, id: crypto.randomUUID() })).close();
  }
  const names = await readdir(folder);
  expect(names).toHaveLength(3);
  expect(names.filter((name) => name.startsWith(`${CLIENT}.update.`))).toHaveLength(1);
  expect(names).toEqual(expect.arrayContaining([nameOf(start), nameOf(stranger)]));
  expect(names).not.toContain(nameOf(CONTENT));
});

it('gives up no transfer that is under way', async () => {
  const folder = await temporaryFolder();
  const parts = await open(folder);
  const first = await parts.take(CONTENT);
  await (await parts.take({ ...CONTENT, id: crypto.randomUUID() })).close();
  await first.append(BYTES);
  await first.prove();
  await first.close();
  expect(await readdir(folder)).toContain(nameOf(CONTENT));
});

it('accepts no byte that would touch the reserve of the disk', async () => {
  const folder = await temporaryFolder();
  let free = 1000 + 2 * BYTES.byteLength;
  const parts = await open(folder, { reserveBytes: 1000, freeBytes: async () => free });
  const first = await parts.take(CONTENT);
  const second = await parts.take({ ...CONTENT, id: crypto.randomUUID() });
  // What the two will bring is as good as there.
  const third: PartContent = { ...CONTENT, clientId: crypto.randomUUID(), id: crypto.randomUUID() };
  await expect(parts.take(third)).rejects.toMatchObject({ code: 'server/low-space', isRetryable: true });
  expect(await readdir(folder)).not.toContain(nameOf(third));
  await second.drop();
  await (await parts.take(third)).close();
  await first.append(BYTES);
  free = 999;
  await expect(parts.take(third)).rejects.toMatchObject({ code: 'server/low-space' });
  await first.close();
  free += BYTES.byteLength + 1;
  await (await parts.take(third)).close();
});
