import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DiskLevel } from '@genba/shared/local-api/disk';
import { diskStatusSchema } from '@genba/shared/local-api/disk';
import { parseTask } from '@genba/shared/model/task';
import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { type DiskSpace, DiskWatch } from './disk-watch.ts';
import { folderBytes } from './folder-size.ts';
import { worstCaseBytes } from './space-need.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a'], labelColumn: 'label' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [1000] },
});
const NEED = worstCaseBytes(TASK);
const LARGE = 500e9;

let folder: string;
let space: DiskSpace | null;
let quotaBytes: number;
let logged: string[];
let changes: number;

beforeEach(() => {
  folder = path.join(temporaryFolder().root, '山田 太郎', 'データ');
  mkdirSync(folder, { recursive: true });
  space = { freeBytes: LARGE, sizeBytes: LARGE };
  quotaBytes = 20e9;
  logged = [];
  changes = 0;
});

function watch(task: typeof TASK | null = TASK): DiskWatch {
  const write = (line: string) => logged.push((JSON.parse(line) as { level: number }).level.toString());
  return new DiskWatch({
    dataFolder: folder,
    task: () => task,
    quotaBytes: () => quotaBytes,
    log: pino({}, { write }),
    onChange: () => {
      changes += 1;
    },
    spaceAt: () => space,
  });
}

describe('the watch over the disk', () => {
  it.each<[string, number, number, DiskLevel]>([
    ['a large disk with much left', LARGE, NEED + 2e9, 'enough'],
    ['a large disk', LARGE, NEED + 2e9 - 1, 'low'],
    ['a large disk', LARGE, NEED + 200e6, 'low'],
    ['a large disk', LARGE, NEED + 200e6 - 1, 'short'],
    ['a full disk', LARGE, 0, 'short'],
    // Of a small disk it cannot ask for two gigabytes.
    ['a small disk', 100e6, NEED + 10e6, 'enough'],
    ['a small disk', 100e6, NEED + 10e6 - 1, 'low'],
    ['a small disk', 100e6, NEED + 5e6 - 1, 'short'],
  ])('finds %s of %i bytes with %i free: %s', (_, sizeBytes, freeBytes, level) => {
    space = { freeBytes, sizeBytes };
    const disk = watch();
    expect(disk.obstacle()?.code).toBe(level === 'short' ? 'store/space-needed' : undefined);
    expect(disk.status).toMatchObject({ level, limit: 'disk', freeBytes });
    expect(diskStatusSchema.parse(disk.status)).toEqual(disk.status);
  });

  it('does not ask again for what the folder already holds', () => {
    writeFileSync(path.join(folder, 'agent.sqlite'), new Uint8Array(NEED));
    space = { freeBytes: 200e6, sizeBytes: LARGE };
    expect(watch().obstacle()).toBeNull();
  });

  it.each<[number, DiskLevel]>([
    [2 * NEED, 'enough'],
    [1.05 * NEED, 'low'],
    [NEED - 1, 'short'],
  ])('finds a quota of %f bytes: %s', (quota, level) => {
    quotaBytes = Math.floor(quota);
    const disk = watch();
    expect(disk.obstacle()?.code).toBe(level === 'short' ? 'store/quota-reached' : undefined);
    expect(disk.status).toMatchObject(level === 'enough' ? { level } : { level, limit: 'quota', quotaBytes });
  });

  it('counts everything in the data folder against the quota', () => {
    writeFileSync(path.join(folder, 'something'), new Uint8Array(50_000));
    mkdirSync(path.join(folder, 'downloads'));
    writeFileSync(path.join(folder, 'downloads', '重み.part'), new Uint8Array(25_000));
    expect(folderBytes(folder)).toBe(75_000);
    const disk = watch();
    disk.look();
    expect(disk.status!.usedBytes).toBe(75_000);
    rmSync(folder, { recursive: true });
    expect(folderBytes(folder)).toBe(0);
  });

  it('says each level once, in the log and to who listens', () => {
    const disk = watch();
    disk.look();
    space = { freeBytes: NEED + 1e9, sizeBytes: LARGE };
    disk.look();
    disk.look();
    space = { freeBytes: 0, sizeBytes: LARGE };
    disk.look();
    disk.obstacle();
    space = { freeBytes: LARGE, sizeBytes: LARGE };
    disk.look();
    expect([logged, changes]).toEqual([['40', '50', '30'], 3]);
    expect(disk.obstacle()).toBeNull();
  });

  it('stands in nobody’s way before the first contact, and where the disk does not tell', () => {
    space = { freeBytes: 0, sizeBytes: LARGE };
    const early = watch(null);
    expect([early.obstacle(), early.status]).toEqual([null, null]);
    space = null;
    const silent = watch();
    expect([silent.obstacle(), silent.status]).toEqual([null, null]);
  });
});
