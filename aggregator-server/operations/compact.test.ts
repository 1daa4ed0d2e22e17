import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { listWeightFiles, weightFilePath } from '../store/weight-files.ts';
import { bytesOf, randomWeights, sha256, smallTask } from '../testing/fixtures.ts';
import { catalogueContent, startForTest } from '../testing/gateway-bench.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { compact } from './compact.ts';
import { verify } from './verify.ts';

async function addOrphan(dataFolder: string): Promise<void> {
  const bytes = bytesOf(randomWeights(smallTask(), 9));
  const path = weightFilePath(join(dataFolder, 'weights'), sha256(bytes));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

describe('compact', () => {
  it('removes what nothing refers to and gives the room in the catalogue back', async () => {
    const dataFolder = await mergedFolder();
    await addOrphan(dataFolder);
    const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'));
    database.exec('CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(500000)); DROP TABLE filler');
    database.close();
    const content = catalogueContent(dataFolder);

    const done = await compact({ dataFolder });
    expect(done).toMatchObject({ removedFiles: 1, removedBytes: 92 });
    expect(done.catalogueBytesBefore).toBeGreaterThan(500_000);
    expect(done.catalogueBytesAfter).toBeLessThan(250_000);
    expect(catalogueContent(dataFolder)).toEqual(content);
    expect(await verify({ dataFolder })).toMatchObject({ orphans: 0, problems: [], files: 5 });
    expect(await compact({ dataFolder })).toMatchObject({ removedFiles: 0, removedBytes: 0 });
  });

  it('leaves a folder alone that a server uses, and one that is none', async () => {
    const { dataFolder } = await startForTest();
    await expect(compact({ dataFolder })).rejects.toMatchObject({ code: 'startup/already-running' });
    const empty = await temporaryFolder();
    await expect(compact({ dataFolder: empty })).rejects.toMatchObject({ code: 'operation/no-catalogue' });
  });

  it('removes nothing when the catalogue is damaged', async () => {
    const dataFolder = await mergedFolder();
    await addOrphan(dataFolder);
    const path = join(dataFolder, 'catalogue.sqlite');
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0, 8192, 20_000));
    await expect(compact({ dataFolder })).rejects.toMatchObject({ code: 'store/damaged' });
    expect(await listWeightFiles(join(dataFolder, 'weights'))).toHaveLength(6);
  });
});
