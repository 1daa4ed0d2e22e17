import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { describeCatalogue } from './catalogue.contract.ts';
import { FOREIGN_CHANGE_MS } from './catalogue.ts';
import { SqliteCatalogue } from './sqlite-catalogue.ts';

describeCatalogue('SqliteCatalogue', async () => SqliteCatalogue.open(':memory:'));

it('keeps what was committed over a reopening', async () => {
  const path = join(await temporaryFolder(), 'catalogue.sqlite');
  const task = {
    taskId: 't',
    manifestDigest: 'm',
    settings: '{}',
    state: { globalVersion: 0, vectors: { globalWeights: 'w', relayWeights: 'r' }, scalars: { passes: 0.5 } },
    createdAt: '2026-11-23T06:00:00.000Z',
  };
  const first = SqliteCatalogue.open(path);
  await first.createTask(task);
  await first.close();
  const second = SqliteCatalogue.open(path);
  onTestFinished(() => second.close());
  expect(await second.findTask('t', 'm')).toEqual({ state: task.state, settings: '{}' });
});

it('tells of changes by another program, not of its own', async () => {
  const path = join(await temporaryFolder(), 'catalogue.sqlite');
  const own = SqliteCatalogue.open(path);
  const foreign = SqliteCatalogue.open(path);
  onTestFinished(async () => {
    await own.close();
    await foreign.close();
  });
  const isTold = vi.fn();
  const stop = own.onForeignChange(isTold);
  const create = (catalogue: SqliteCatalogue, taskId: string) =>
    catalogue.createTask({
      taskId,
      manifestDigest: 'm',
      settings: '{}',
      state: { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: {} },
      createdAt: '2026-11-23T06:00:00.000Z',
    });
  await create(own, 'own');
  await delay(2 * FOREIGN_CHANGE_MS);
  expect(isTold).not.toHaveBeenCalled();
  await create(foreign, 'first');
  await vi.waitFor(() => expect(isTold).toHaveBeenCalledOnce(), 5000);
  stop();
  await create(foreign, 'second');
  await delay(2 * FOREIGN_CHANGE_MS);
  expect(isTold).toHaveBeenCalledOnce();
});

it('names a file that is no database', async () => {
  const path = join(await temporaryFolder(), 'catalogue.sqlite');
  await writeFile(path, 'certainly not a database, but long enough to be looked at');
  expect(() => SqliteCatalogue.open(path)).toThrow(expect.objectContaining({ code: 'store/damaged' }));
});
