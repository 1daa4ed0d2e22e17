import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { FileKeyStore } from './key-store.ts';

const IDS = ['a'.repeat(64), 'b'.repeat(64)] as const;
const isWindows = process.platform === 'win32';

describe('FileKeyStore', () => {
  it('keeps, replaces, lists and forgets keys in a folder with spaces and Japanese', () => {
    const { root } = temporaryFolder();
    const keys = new FileKeyStore(root);
    expect(keys.keyIds()).toEqual([]);
    expect(keys.read(IDS[0])).toBeNull();
    keys.write(IDS[0], 'one');
    keys.write(IDS[1], 'two');
    keys.write(IDS[0], 'one, written again');
    const again = new FileKeyStore(root);
    expect(again.keyIds().sort()).toEqual([...IDS]);
    expect(again.read(IDS[0])).toBe('one, written again');
    again.remove(IDS[0]);
    again.remove(IDS[0]);
    expect(keys.keyIds()).toEqual([IDS[1]]);
  });

  it('leaves no temporary file, and takes none for a key', () => {
    const { root } = temporaryFolder();
    const keys = new FileKeyStore(root);
    keys.write(IDS[0], 'one');
    expect(readdirSync(path.join(root, 'keys'))).toEqual([`${IDS[0]}.pem`]);
    // What a crash between writing and renaming leaves.
    writeFileSync(path.join(root, 'keys', `${IDS[1]}.pem.1.temporary`), 'half');
    expect(keys.keyIds()).toEqual([IDS[0]]);
  });

  it.skipIf(isWindows)('lets nobody else read them, whatever the umask is', () => {
    const { root } = temporaryFolder();
    const before = process.umask(0);
    try {
      new FileKeyStore(root).write(IDS[0], 'one');
    } finally {
      process.umask(before);
    }
    const mode = (file: string) => statSync(file).mode & 0o777;
    expect(mode(path.join(root, 'keys'))).toBe(0o700);
    expect(mode(path.join(root, 'keys', `${IDS[0]}.pem`))).toBe(0o600);
  });

  it('says that the folder cannot be written', () => {
    const { root, write } = temporaryFolder();
    write('keys', 'a file where the folder should be');
    const keys = new FileKeyStore(root);
    expect(() => keys.write(IDS[0], 'one')).toThrow(
      expect.objectContaining({ code: 'startup/data-not-writable' }),
    );
    expect(keys.keyIds()).toEqual([]);
  });

  it('takes a key that cannot be read for none', () => {
    const { root } = temporaryFolder();
    mkdirSync(path.join(root, 'keys', `${IDS[0]}.pem`), { recursive: true });
    expect(new FileKeyStore(root).read(IDS[0])).toBeNull();
  });
});
