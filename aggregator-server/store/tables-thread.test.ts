import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openTablesHere } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

const SEEN_AT = '2026-11-23T06:00:00.000Z';

async function opened() {
  const path = join(await temporaryFolder(), 'catalogue.sqlite');
  const { tables, lost, close, crash } = await openTablesInThread(path);
  onTestFinished(close);
  const { catalogue } = tables;
  await catalogue.createTask({
    taskId: 't',
    manifestDigest: 'm',
    settings: '{}',
    state: { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: {} },
    createdAt: SEEN_AT,
  });
  const see = (plantName: string) =>
    catalogue.seeClient({ taskId: 't', clientId: 'osaka', plantName, seenAt: SEEN_AT });
  return { path, catalogue, lost, close, crash, see };
}

it('executes calls in the order they are made', async () => {
  const { catalogue, see } = await opened();
  const names = Array.from({ length: 50 }, (_, index) => `plant ${index}`);
  const seen = await Promise.all(names.flatMap((name) => [see(name), catalogue.findClient('t', 'osaka')]));
  expect(seen.map((client) => client?.plantName)).toEqual(names.flatMap((name) => [name, name]));
});

it('keeps all calls made before it is closed', async () => {
  const { path, see, close } = await opened();
  const last = see('第一工場');
  await close();
  expect(await last).toMatchObject({ plantName: '第一工場' });
  const again = await openTablesHere(path);
  onTestFinished(again.close);
  expect(await again.tables.catalogue.findClient('t', 'osaka')).toMatchObject({ plantName: '第一工場' });
});

it('answers nothing any more once its thread has died', async () => {
  const { path, catalogue, lost, close, crash, see } = await opened();
  const pending = Array.from({ length: 20 }, (_, index) => see(`plant ${index}`));
  const ended = Promise.allSettled(pending);
  await crash();
  expect(await lost).toMatchObject({ code: 'store/stopped' });
  // Each call was answered before, or never is; none is answered wrongly.
  for (const [index, end] of (await ended).entries()) {
    if (end.status === 'fulfilled') expect(end.value.plantName).toBe(`plant ${index}`);
    else expect(end.reason).toMatchObject({ code: 'store/stopped' });
  }
  await expect(catalogue.findClient('t', 'osaka')).rejects.toMatchObject({ code: 'store/stopped' });
  await close();
  const again = await openTablesHere(path);
  onTestFinished(again.close);
  expect(await again.tables.catalogue.findTask('t', 'm')).toMatchObject({ settings: '{}' });
});

it('carries a bug over with the stack of its thread', async () => {
  const { catalogue } = await opened();
  const missing = { updateId: 'none', code: 'update/not-finite', issue: null } as const;
  const state = { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: {} };
  await expect(catalogue.setAside({ ...missing, state })).rejects.toThrow(
    /in genba catalogue: TypeError.*sqlite-catalogue\.ts/s,
  );
});
