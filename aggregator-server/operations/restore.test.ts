import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startAggregator } from '../server.ts';
import { openDataFolder } from '../store/data-folder.ts';
import { BusyPlant } from '../testing/busy-plant.ts';
import { launch, listen } from '../testing/command.ts';
import { largeTask, smallTask } from '../testing/fixtures.ts';
import { catalogueContent, startForTest, statusOf } from '../testing/gateway-bench.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';
import { verify } from './verify.ts';

/** Those on which an agent takes fresh weights and keeps its progress: main/agent/sync/session.ts. */
const LOST_BASE_CODES = ['update/unknown-base', 'update/future-base'];
const PATIENCE = { timeout: 15_000 };
/** Reports of every plant before the backup and after it, at least. */
const FEWEST_REPORTS = 3;

describe('restore, rehearsed with real programs', () => {
  it('brings back the moment of the backup, and every plant goes on', { timeout: 90_000 }, async () => {
    const folder = await temporaryFolder();
    const task = largeTask();
    const taskFile = join(folder, 'task.json');
    await writeFile(taskFile, JSON.stringify(task));
    const [lost, kept, found] = ['lost', 'kept', 'found'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const options = ['--port', '0', '--log-level', 'error'];
    const first = await listen(['serve', '--open-loopback', '--data', lost, '--task', taskFile, ...options]);
    const plants = await Promise.all([1, 2, 3].map(() => BusyPlant.join(first.address, task.id)));
    const stops = plants.map((plant) => plant.reportOn());
    const fewest = () => Math.min(...plants.map(({ reports }) => reports));
    await expect.poll(fewest, PATIENCE).toBeGreaterThanOrEqual(FEWEST_REPORTS);
    expect(await launch(['backup', '--data', lost, '--to', kept]).ended).toMatchObject({ exitCode: 0 });
    const atBackup = fewest();
    await expect.poll(fewest, PATIENCE).toBeGreaterThanOrEqual(atBackup + FEWEST_REPORTS);
    for (const stop of stops) await stop();
    first.child.kill('SIGKILL');
    await first.ended;

    const restored = await launch(['restore', '--from', kept, '--data', found]).ended;
    expect(restored.exitCode).toBe(0);
    expect(restored.stdout).toMatch(/fresh ones[\s\S]*引き継ぎます/);
    expect(catalogueContent(found)).toEqual(catalogueContent(kept));
    const versions = versionsOf(found);
    expect(versions).toEqual(versionsOf(lost).slice(0, versions.length));
    expect(versions.length).toBeLessThan(versionsOf(lost).length);

    // The description in the backup is a task file: nothing of the lost computer is needed.
    const keptTask = join(found, 'tasks', `task-${task.id}.json`);
    const second = await listen(['--open-loopback', '--data', found, '--task', keptTask, ...options]);
    const counts = async () => (await statusOf(second.address)).tasks[0]!.counts;
    // An update that waited in the backup is merged at the start.
    await expect.poll(async () => (await counts()).applied, PATIENCE).toBe((await counts()).received);
    const before = await counts();
    for (const plant of plants) {
      expect(LOST_BASE_CODES).toContain(await plant.offerInVain(second.address));
      await plant.rebase();
      await plant.report();
    }
    const received = before.received + plants.length;
    expect(await counts()).toEqual({
      received,
      applied: received,
      refused: plants.length,
      failed: 0,
      quarantined: 0,
    });
    expect((await statusOf(second.address)).tasks[0]!.globalVersion).toBe(received);
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ exitCode: 0 });
    expect((await verify({ dataFolder: found })).problems).toEqual([]);
  });
});

describe('restore', () => {
  it('refuses a folder in use, a folder that holds anything, and a damaged backup', async () => {
    const folder = await temporaryFolder();
    const from = join(folder, 'backup');
    const used = await mergedFolder();
    await backup({ dataFolder: used, to: from });

    await expect(restore({ from, dataFolder: used })).rejects.toMatchObject({
      code: 'operation/target-not-empty',
    });
    const running = await startForTest();
    await expect(restore({ from, dataFolder: running.dataFolder })).rejects.toMatchObject({
      code: 'startup/already-running',
    });
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'holiday.txt'), 'mine');
    await expect(restore({ from, dataFolder: other })).rejects.toMatchObject({
      code: 'operation/target-not-empty',
    });
    expect(await readdir(other)).toEqual(['holiday.txt']);

    await rm(join(from, 'weights'), { recursive: true });
    await expect(restore({ from, dataFolder: join(folder, 'new') })).rejects.toMatchObject({
      code: 'store/damaged',
    });
    expect((await readdir(folder)).sort()).toEqual(['backup', 'other']);
  });

  it('takes an empty folder and one with nothing but an old lock', async () => {
    const folder = await temporaryFolder();
    const from = join(folder, 'backup');
    await backup({ dataFolder: await mergedFolder(), to: from });
    const dataFolder = join(folder, 'data');
    (await openDataFolder(dataFolder)).release();
    const finding = await restore({ from, dataFolder });
    expect(finding).toMatchObject({ files: 5, problems: [] });
    const { close } = await startForTest({ dataFolder });
    await close();
  });

  it('that was cut off is not taken for an empty folder by the server', async () => {
    const dataFolder = await temporaryFolder();
    await mkdir(join(dataFolder, 'incomplete-1-0011aabb', 'weights'), { recursive: true });
    const start = () =>
      startAggregator({ dataFolder, tasks: [smallTask()], port: 0, security: { kind: 'open-loopback' } });
    const refusal = { code: 'startup/restore-incomplete', detail: 'incomplete-1-0011aabb' };
    await expect(start()).rejects.toMatchObject(refusal);
    await rm(join(dataFolder, 'incomplete-1-0011aabb'), { recursive: true });
    await (await start()).close();
  });

  it('keeps servers out while it runs', async () => {
    const folder = await temporaryFolder();
    const from = join(folder, 'backup');
    await backup({ dataFolder: await mergedFolder(), to: from });
    const dataFolder = join(folder, 'data');
    const starts: Promise<unknown>[] = [];
    const onProgress = ({ step }: { step: string }) => {
      if (step !== 'copying' || starts.length > 0) return;
      starts.push(openDataFolder(dataFolder).catch((thrown: unknown) => thrown));
    };
    await restore({ from, dataFolder, onProgress });
    expect(await starts[0]).toMatchObject({ code: 'startup/already-running' });
  });
});

/** The versions ever made; which of them are still kept differs from moment to moment. */
function versionsOf(dataFolder: string): object[] {
  const versions = catalogueContent(dataFolder).versions as { evicted_at: unknown }[];
  return versions.map(({ evicted_at: _, ...version }) => version);
}
