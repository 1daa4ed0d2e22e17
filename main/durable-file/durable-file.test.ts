import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { copyDurably, renameDurably, writeDurably } from './durable-file.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genba 保存 '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  file = join(folder, '設定.json');
});

/** What has reached the disk so far, in its order: contents by `sync`, names by `sync folder`. */
function watchDisk(): string[] {
  const real = { openSync: fs.openSync, fsyncSync: fs.fsyncSync, renameSync: fs.renameSync };
  const done: string[] = [];
  const folders = new Set<number>();
  Object.assign(fs, {
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const descriptor = real.openSync(...args);
      if (args[0] === folder) folders.add(descriptor);
      else folders.delete(descriptor);
      return descriptor;
    },
    fsyncSync: (descriptor: number) => {
      real.fsyncSync(descriptor);
      done.push(folders.has(descriptor) ? 'sync folder' : 'sync');
    },
    renameSync: (from: string, to: string) => {
      real.renameSync(from, to);
      done.push('rename');
    },
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  });
  return done;
}

describe('a file that is written durably', () => {
  it('is on the disk before its name is, and its name before the call is over', () => {
    writeFileSync(file, 'old');
    const done = watchDisk();
    writeDurably(file, 'new');
    expect(done).toEqual(['sync', 'rename', 'sync folder']);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it.skipIf(process.platform === 'win32')('is for this account alone', () => {
    writeDurably(file, 'secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps its old content, and leaves nothing beside it, where it cannot be prepared', () => {
    writeFileSync(file, 'old');
    const fail = () => {
      throw new Error('no such group');
    };
    expect(() => writeDurably(file, 'new', fail)).toThrow('no such group');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['設定.json']);
  });
});

it('copies a file and has both content and name on the disk', () => {
  const from = join(folder, 'from');
  writeFileSync(from, 'content');
  const done = watchDisk();
  copyDurably(from, file);
  expect(done).toEqual(['sync', 'sync folder']);
  expect(readFileSync(file, 'utf8')).toBe('content');
});

it('renames a file and has the name on the disk', () => {
  const from = join(folder, 'from');
  writeFileSync(from, 'content');
  const done = watchDisk();
  renameDurably(from, file);
  expect(done).toEqual(['rename', 'sync folder']);
  expect(readdirSync(folder)).toEqual(['設定.json']);
});
