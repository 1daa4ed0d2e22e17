import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { describeCatalogue } from './catalogue.contract.ts';
import { type Catalogue, FOREIGN_CHANGE_MS } from './catalogue.ts';
import { describeRetention } from './retention.contract.ts';
import { openTablesHere } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

describe.each([
  ['in this thread', openTablesHere],
  ['in a thread of its own', openTablesInThread],
] as const)('%s', (_name, openTables) => {
  /** Closed when the running test ends. */
  const open = async (path: string): Promise<Catalogue> => {
    const { tables, close } = await openTables(path);
    onTestFinished(close);
    return tables.catalogue;
  };
  const create = (catalogue: Catalogue, taskId: string) =>
    catalogue.createTask({
      taskId,
      manifestDigest: 'm',
      settings: '{}',
      state: { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: { passes: 0.5 } },
      createdAt: '2026-11-23T06:00:00.000Z',
    });

  describeCatalogue('SqliteCatalogue', async () => (await openTables(':memory:')).tables.catalogue);
  describeRetention('SqliteCatalogue', async (policy) => {
    const { tables, close } = await openTables(':memory:', policy);
    onTestFinished(close);
    return tables.catalogue;
  });

  it('keeps what was committed over a reopening', async () => {
    const path = join(await temporaryFolder(), 'catalogue.sqlite');
    const first = await open(path);
    await create(first, 't');
    await first.close();
    const second = await open(path);
    expect(await second.findTask('t', 'm')).toEqual({
      state: { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: { passes: 0.5 } },
      settings: '{}',
    });
  });

  it('tells of changes by another program, not of its own', async () => {
    const path = join(await temporaryFolder(), 'catalogue.sqlite');
    const own = await open(path);
    const foreign = await open(path);
    const isTold = vi.fn();
    const stop = own.onForeignChange(isTold);
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
    await expect(openTables(path)).rejects.toMatchObject({ code: 'store/damaged' });
  });
});
