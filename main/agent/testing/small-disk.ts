import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { DiskSpace } from '../disk/disk-watch.ts';
import { folderBytes } from '../disk/folder-size.ts';

/** A small disk that a test fills and frees. */
export interface SmallDisk {
  readonly folder: string;
  /** Has something else on the disk take so much that so many bytes are left. */
  leave(bytes: number): void;
  /** Left out: the file system itself tells. */
  readonly spaceAt?: () => DiskSpace;
}

/**
 * A file system of its own in memory, where this account may mount one.
 * @returns null where it may not
 */
export function mountSmallDisk(folder: string, sizeBytes: number): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=700`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  const ballast = path.join(folder, 'ほかのファイル');
  const data = path.join(folder, 'データ');
  return {
    folder: data,
    leave(bytes) {
      rmSync(ballast, { force: true });
      const { bavail, bsize } = statfsSync(folder);
      try {
        writeFileSync(ballast, new Uint8Array(Math.max(0, Math.floor(bavail * bsize - bytes))));
      } catch (thrown) {
        // Its own name took a page: then nothing is left, as was asked.
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC' || bytes > 0) throw thrown;
      }
    },
  };
}

/** A disk that only says how small it is, for where nothing may be mounted: it never refuses a byte. */
export function pretendSmallDisk(folder: string, sizeBytes: number): SmallDisk {
  let taken = 0;
  const spaceAt = () => ({ sizeBytes, freeBytes: Math.max(0, sizeBytes - taken - folderBytes(folder)) });
  return {
    folder,
    spaceAt,
    leave(bytes) {
      taken = Math.max(0, sizeBytes - folderBytes(folder) - bytes);
    },
  };
}
