import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ShellSettingsFile } from './shell-settings.ts';
import { languageOf } from './words.ts';

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'genba 設定 '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'window', 'shell-settings.json');
}

it('remembers what was chosen, for the next start too', () => {
  const path = newFile();
  expect(new ShellSettingsFile(path).read().language).toBeNull();
  new ShellSettingsFile(path).change({ language: 'en' });
  expect(new ShellSettingsFile(path).read().language).toBe('en');
});

it.each(['', '{"language":', '[]', '{"language":"xx"}', 'null'])('takes %j for nothing chosen', (content) => {
  const path = newFile();
  new ShellSettingsFile(path).change({ language: 'en' });
  writeFileSync(path, content);
  expect(new ShellSettingsFile(path).read().language).toBeNull();
});

it('lives on where nothing can be kept', () => {
  const path = newFile();
  writeFileSync(join(path, '..', '..', 'file'), '');
  const settings = new ShellSettingsFile(join(path, '..', '..', 'file', 'below', 'x.json'));
  settings.change({ language: 'en' });
  expect(settings.read().language).toBeNull();
});

it('speaks Japanese unless the system speaks English', () => {
  expect(['ja', 'ja-JP', 'en', 'EN-us', 'de', ''].map(languageOf)).toEqual([
    'ja',
    'ja',
    'en',
    'en',
    'ja',
    'ja',
  ]);
});
