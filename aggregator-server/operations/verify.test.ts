import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../store/retention-policy.ts';
import { weightFilePath } from '../store/weight-files.ts';
import { BusyPlant } from '../testing/busy-plant.ts';
import { bytesOf, randomWeights, sha256, smallTask } from '../testing/fixtures.ts';
import { startForTest } from '../testing/gateway-bench.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { verify } from './verify.ts';
import { listVersions } from './versions.ts';

const TASK = smallTask();
/** Bytes of one vector of the small task: 23 float32. */
const VECTOR_BYTES = 92;
/** G_0 to G_3 and the plant's start weights; that of a single plant is the relay too. */
const NEEDED_FILES = 5;

async function storeFile(folder: string, bytes: Uint8Array): Promise<string> {
  const digest = sha256(bytes);
  const path = weightFilePath(join(folder, 'weights'), digest);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return digest;
}

async function filePath(folder: string, version: number): Promise<string> {
  const versions = await listVersions({ dataFolder: folder, taskId: TASK.id });
  const { digest } = versions.find((kept) => kept.version === version)!;
  return weightFilePath(join(folder, 'weights'), digest);
}

function edit(folder: string, sql: string): void {
  const database = new Sqlite(join(folder, 'catalogue.sqlite'));
  database.pragma('foreign_keys = OFF');
  database.exec(sql);
  database.close();
}

describe('verify', () => {
  it('finds a folder sound, whether its server runs or not', async () => {
    const { address, close, dataFolder } = await startForTest({ tasks: [TASK] });
    const plant = await BusyPlant.join(address, TASK.id);
    for (let update = 0; update < 3; update++) await plant.report();
    const sound = {
      tasks: [{ taskId: TASK.id, globalVersion: 3 }],
      files: NEEDED_FILES,
      bytes: NEEDED_FILES * VECTOR_BYTES,
      orphans: 0,
      problems: [],
      notes: [],
      auditHead: { sequence: expect.any(Number), digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    };
    await expect.poll(() => verify({ dataFolder })).toEqual(sound);
    await close();
    expect(await verify({ dataFolder })).toEqual(sound);
  });

  it('stays calm while a server merges and removes', async () => {
    const { address, dataFolder } = await startForTest({ tasks: [TASK] });
    const plant = await BusyPlant.join(address, TASK.id);
    const stop = plant.reportOn();
    for (let run = 0; run < 20; run++) expect((await verify({ dataFolder })).problems).toEqual([]);
    await stop();
    expect(plant.reports).toBeGreaterThan(0);
  });

  it('counts files that nothing refers to, and finds nothing wrong with them', async () => {
    const dataFolder = await mergedFolder();
    await storeFile(dataFolder, bytesOf(randomWeights(TASK, 9)));
    expect(await verify({ dataFolder })).toMatchObject({ orphans: 1, problems: [], files: NEEDED_FILES });
  });

  it('names a missing file, a changed one and one that was cut short', async () => {
    const dataFolder = await mergedFolder();
    await rm(await filePath(dataFolder, 0));
    const changed = await filePath(dataFolder, 1);
    const bytes = await readFile(changed);
    bytes[17]! ^= 1;
    await writeFile(changed, bytes);
    await truncate(await filePath(dataFolder, 2), 40);
    const { problems, files } = await verify({ dataFolder });
    expect(files).toBe(NEEDED_FILES - 3);
    expect(problems.map((problem) => /[0-9a-f]{64} \(task small\): (.+)$/.exec(problem)?.[1]).sort()).toEqual(
      ['missing', 'the content has changed', 'the content has changed'],
    );
  });

  it('tells what was let go on purpose from what is missing', async () => {
    const retention = { ...DEFAULT_RETENTION, keepVersions: 1, maxWeightsBytes: 1 };
    const { address, close, dataFolder } = await startForTest({ tasks: [TASK], retention });
    // One after the other, so that nagoya never needs what is let go of.
    await (await BusyPlant.join(address, TASK.id)).report();
    await (await BusyPlant.join(address, TASK.id)).report();
    await close();
    const { problems, notes, files } = await verify({ dataFolder });
    expect(problems).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('weights of 1 plant were let go')]);
    // G_2, and the relay, which is what nagoya has.
    expect(files).toBe(2);
    await rm(await filePath(dataFolder, 2));
    expect((await verify({ dataFolder })).problems).toEqual([expect.stringContaining('missing')]);
  });

  it.each([true, false])('names a vector of the wrong size (description kept: %s)', async (isKept) => {
    const dataFolder = await mergedFolder();
    if (!isKept) await rm(join(dataFolder, 'tasks'), { recursive: true });
    const digest = await storeFile(dataFolder, new Uint8Array(VECTOR_BYTES - 4));
    edit(dataFolder, `UPDATE versions SET digest = '${digest}' WHERE version = 0`);
    const { problems, notes } = await verify({ dataFolder });
    expect(problems).toEqual([`weights ${digest} (task small): 88 bytes, expected 92`]);
    expect(notes).toHaveLength(isKept ? 0 : 1);
  });

  it.each([
    ['of another model', JSON.stringify(smallTask({ hiddenUnits: [4] })), 'of another model'],
    ['that is no task', '{"id":', 'cannot be read'],
  ])('names a kept description %s', async (_name, text, problem) => {
    const dataFolder = await mergedFolder();
    await writeFile(join(dataFolder, 'tasks', 'task-small.json'), text);
    expect((await verify({ dataFolder })).problems.join()).toContain(problem);
  });

  it('names broken references and a state that is not in the list of versions', async () => {
    const dataFolder = await mergedFolder();
    edit(dataFolder, "UPDATE bases SET update_id = 'gone' WHERE update_id IS NOT NULL");
    expect((await verify({ dataFolder })).problems.join()).toContain('catalogue: broken reference');

    const other = await mergedFolder();
    edit(other, 'DELETE FROM versions WHERE version = 3');
    expect((await verify({ dataFolder: other })).problems).toContain(
      'task small: version 3 is not the newest of its list',
    );
  });

  it('names a catalogue that is no database any more', async () => {
    const dataFolder = await mergedFolder();
    const path = join(dataFolder, 'catalogue.sqlite');
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0x5a, 0, 4096));
    expect((await verify({ dataFolder })).problems).toEqual(['catalogue: SQLITE_NOTADB']);
    await writeFile(path, bytes.fill(0x5a));
    expect((await verify({ dataFolder })).problems).toHaveLength(1);
  });

  it('says when a folder is no data folder, or one of a newer program', async () => {
    const dataFolder = await temporaryFolder();
    for (const path of [dataFolder, join(dataFolder, 'nowhere')]) {
      await expect(verify({ dataFolder: path })).rejects.toMatchObject({ code: 'operation/no-catalogue' });
    }
    edit(dataFolder, 'PRAGMA user_version = 999');
    await expect(verify({ dataFolder })).rejects.toMatchObject({ code: 'store/newer-database' });
  });
});
