import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smallTask } from '../testing/fixtures.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { EXPORT_FORMATS, exportModel } from './export-model.ts';
import { listVersions } from './versions.ts';

// That TensorFlow.js and Keras read the files and predict as the trainer does is tested in e2e/export.e2e.test.ts.
describe('export', () => {
  it('writes any kept version, and says which are kept', async () => {
    const dataFolder = await mergedFolder({ updates: 22 });
    const versions = await listVersions({ dataFolder, taskId: 'small' });
    expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, at) => 22 - at));
    expect(versions[0]).toMatchObject({ updatesMerged: 22, plantName: '第一工場' });
    const to = join(await temporaryFolder(), 'model');
    await exportModel({ dataFolder, taskId: 'small', version: 3, to });
    const stored = versions.find(({ version }) => version === 3)!.digest;
    expect(await readFile(join(to, 'weights.bin'))).toEqual(
      await readFile(join(dataFolder, 'weights', stored.slice(0, 2), stored)),
    );
    const beside = join(to, '..', 'another');
    await expect(exportModel({ dataFolder, taskId: 'small', version: 2, to: beside })).rejects.toMatchObject({
      code: 'operation/version-not-kept',
      detail: '2; kept: 3 to 22',
    });
    await expect(exportModel({ dataFolder, taskId: 'large', to: beside })).rejects.toMatchObject({
      code: 'operation/unknown-task',
      detail: 'large; there are: small',
    });
    expect(await readdir(join(to, '..'))).toEqual(['model']);
  });

  it('takes a description from a task file where the folder keeps none, but not another model', async () => {
    const dataFolder = await mergedFolder();
    await rm(join(dataFolder, 'tasks'), { recursive: true });
    const to = join(await temporaryFolder(), 'model');
    const options = { dataFolder, taskId: 'small', to };
    await expect(exportModel(options)).rejects.toMatchObject({ code: 'operation/no-description' });
    const other = smallTask({ hiddenUnits: [4] });
    await expect(exportModel({ ...options, task: other })).rejects.toMatchObject({ code: 'task/changed' });
    await exportModel({ ...options, task: smallTask() });
    await expect(exportModel({ ...options, task: smallTask() })).rejects.toMatchObject({
      code: 'operation/target-not-empty',
    });
  });

  it.each(EXPORT_FORMATS)('leaves nothing behind when the weights are damaged: %s', async (format) => {
    const dataFolder = await mergedFolder();
    const [newest] = await listVersions({ dataFolder, taskId: 'small' });
    const path = join(dataFolder, 'weights', newest!.digest.slice(0, 2), newest!.digest);
    const to = join(await temporaryFolder(), 'model');
    const refused = async (detail: RegExp) => {
      await expect(exportModel({ dataFolder, taskId: 'small', to, format })).rejects.toMatchObject({
        code: 'store/damaged',
        detail: expect.stringMatching(detail),
      });
      await expect(readdir(to)).rejects.toMatchObject({ code: 'ENOENT' });
    };
    const bytes = await readFile(path);
    bytes[5]! ^= 1;
    await writeFile(path, bytes);
    await refused(/the content has changed$/);
    await writeFile(path, bytes.subarray(4));
    await refused(format === 'keras' ? /: 88 bytes$/ : /the content has changed$/);
    await rm(path);
    await refused(/missing$/);
  });

  it('writes one Keras file', async () => {
    const dataFolder = await mergedFolder();
    const to = join(await temporaryFolder(), '新しい モデル');
    await exportModel({ dataFolder, taskId: 'small', to, format: 'keras' });
    expect(await readdir(to)).toEqual(['model.keras']);
    const again = { dataFolder, taskId: 'small', to, format: 'keras' } as const;
    await expect(exportModel(again)).rejects.toMatchObject({ code: 'operation/target-not-empty' });
  });
});
