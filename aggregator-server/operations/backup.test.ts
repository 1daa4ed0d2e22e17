import { mkdir, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { listWeightFiles, weightFilePath } from '../store/weight-files.ts';
import { BusyPlant } from '../testing/busy-plant.ts';
import { bytesOf, largeTask, randomWeights, sha256, smallTask } from '../testing/fixtures.ts';
import { catalogueContent, startForTest } from '../testing/gateway-bench.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { backup } from './backup.ts';
import { verify } from './verify.ts';
import { listVersions } from './versions.ts';

const TASK = smallTask();

/** Does what a server does between two updates: version V gets other weights, and its old file is removed. */
async function replaceVersion(dataFolder: string, version: number, seed: number): Promise<string> {
  const bytes = bytesOf(randomWeights(TASK, seed));
  const digest = sha256(bytes);
  const path = weightFilePath(join(dataFolder, 'weights'), digest);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  const versions = await listVersions({ dataFolder, taskId: TASK.id });
  const old = versions.find((kept) => kept.version === version)!.digest;
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'));
  database.prepare('UPDATE versions SET digest = ? WHERE version = ?').run(digest, version);
  database.close();
  await unlink(weightFilePath(join(dataFolder, 'weights'), old));
  return digest;
}

describe('backup', () => {
  // The faster the server, the more there is to copy: it is not the time that is in question.
  it('is whole and of one moment, each time, while updates stream in', { timeout: 90_000 }, async () => {
    const task = largeTask();
    const { address, dataFolder } = await startForTest({ tasks: [task] });
    const plants = await Promise.all([1, 2, 3].map(() => BusyPlant.join(address, task.id)));
    const stops = plants.map((plant) => plant.reportOn());
    const folder = await temporaryFolder();
    const copies = Array.from({ length: 5 }, (_, run) => join(folder, `${run}`));
    for (const to of copies) {
      const finding = await backup({ dataFolder, to });
      expect(finding).toMatchObject({ problems: [], notes: [], orphans: 0 });
      expect((await readdir(to)).sort()).toEqual(['audit-head.txt', 'catalogue.sqlite', 'tasks', 'weights']);
    }
    for (const stop of stops) await stop();

    // Whether the file of an old one was let go since is another matter.
    const versions = (path: string) =>
      (catalogueContent(path).versions as { version: number; digest: string }[]).map(
        ({ version, digest }) => ({
          version,
          digest,
        }),
      );
    const all = versions(dataFolder);
    const counts = copies.map((to) => versions(to).length);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThan(counts[0]!);
    copies.forEach((to, run) => {
      expect(versions(to)).toEqual(all.slice(0, counts[run]));
    });
  });

  it('holds what its catalogue needs, and nothing else, when the server replaces files meanwhile', async () => {
    const dataFolder = await mergedFolder();
    const replaced: Promise<string>[] = [];
    let copied = 0;
    const to = join(await temporaryFolder(), 'copy');
    // One change while most of the copying is still to come, one when all seems to be there.
    const onProgress = ({ step, files, totalFiles }: { step: string; files: number; totalFiles: number }) => {
      if (step !== 'copying') return;
      copied = files;
      if (files === 1) replaced.push(replaceVersion(dataFolder, 0, 100));
      if (files === totalFiles) replaced.push(replaceVersion(dataFolder, 1, 200 + replaced.length));
    };
    const finding = await backup({ dataFolder, to, onProgress });
    await Promise.all(replaced);
    expect(finding).toMatchObject({ problems: [], orphans: 0 });
    expect(replaced.length).toBeGreaterThanOrEqual(2);
    expect(copied).toBeGreaterThanOrEqual(finding.files);
    expect(await listWeightFiles(join(to, 'weights'))).toHaveLength(finding.files);
  });

  it('refuses a folder that holds anything, and a source that is none', async () => {
    const dataFolder = await mergedFolder();
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'holiday.txt'), 'mine');
    await expect(backup({ dataFolder, to: folder })).rejects.toMatchObject({
      code: 'operation/target-not-empty',
      detail: `${folder} holds holiday.txt`,
    });
    await expect(backup({ dataFolder, to: join(folder, 'holiday.txt') })).rejects.toMatchObject({
      code: 'operation/target-not-writable',
    });
    const to = join(folder, 'copy');
    await expect(backup({ dataFolder: folder, to })).rejects.toMatchObject({
      code: 'operation/no-catalogue',
    });
    expect(await readdir(folder)).toEqual(['holiday.txt']);
  });

  it('leaves nothing behind when it is stopped or a file is damaged', async () => {
    const dataFolder = await mergedFolder();
    const empty = await temporaryFolder();
    const fresh = join(await temporaryFolder(), 'fresh');
    const stop = new AbortController();
    const options = { dataFolder, onProgress: () => stop.abort(), signal: stop.signal };
    for (const to of [empty, fresh]) {
      const thrown = await backup({ ...options, to }).catch((reason: unknown) => reason);
      expect(thrown).toBe(stop.signal.reason);
    }
    await rm(
      weightFilePath(join(dataFolder, 'weights'), (await listWeightFiles(join(dataFolder, 'weights')))[0]!),
    );
    for (const to of [empty, fresh]) {
      await expect(backup({ dataFolder, to })).rejects.toMatchObject({ code: 'store/damaged' });
    }
    expect(await readdir(empty)).toEqual([]);
    await expect(stat(fresh)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('can be backed up itself, and tells how far it is', async () => {
    const dataFolder = await mergedFolder();
    const folder = await temporaryFolder();
    const seen: string[] = [];
    const first = await backup({ dataFolder, to: join(folder, 'first') });
    const onProgress = ({ step, files, totalFiles }: { step: string; files: number; totalFiles: number }) => {
      seen.push(`${step} ${files}/${totalFiles}`);
    };
    const second = await backup({
      dataFolder: join(folder, 'first'),
      to: join(folder, 'second'),
      onProgress,
    });
    expect(second).toEqual(first);
    expect(second).toEqual(await verify({ dataFolder }));
    expect(seen).toEqual(
      ['copying', 'checking'].flatMap((step) => [1, 2, 3, 4, 5].map((file) => `${step} ${file}/5`)),
    );
    expect(catalogueContent(join(folder, 'second'))).toEqual(catalogueContent(dataFolder));
  });
});
