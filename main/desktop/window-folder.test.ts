import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { windowFolder } from './window-folder.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'genba 画面 '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('lies in the data folder, which may not be there yet', () => {
  const dataFolder = join(newFolder(), 'データ');
  expect(windowFolder(dataFolder, '/home/sato/.config/genba')).toBe(join(dataFolder, 'window'));
  expect(statSync(join(dataFolder, 'window')).isDirectory()).toBe(true);
});

it('lies with the account that looks where the data folder cannot be written, one per data folder', () => {
  const folder = newFolder();
  // Nothing can be made below a file, by root neither.
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), '');
  const [one, other] = ['a', 'b'].map((name) => windowFolder(join(folder, name), '/home/sato/.config/genba'));
  expect(one).toMatch(/^\/home\/sato\/\.config\/genba\/[0-9a-f]{16}$/);
  expect(other).not.toBe(one);
});
