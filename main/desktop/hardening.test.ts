import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Every program file of the shell, with its text. */
const SOURCES = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('dist'))
  .map((name) => ({ name, text: readFileSync(join(import.meta.dirname, name), 'utf8') }));

const MANIFEST = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  devDependencies: Readonly<Record<string, string>>;
};

/** Where a word stands in the shell. */
const placesOf = (word: RegExp) => SOURCES.filter(({ text }) => word.test(text)).map(({ name }) => name);

it('is looked at whole', () => {
  expect(placesOf(/from 'electron'/)).toEqual(expect.arrayContaining(['main.ts', 'shell.ts', 'window.ts']));
});

it('opens nothing outside of itself', () => {
  expect(placesOf(/openExternal|openPath|showItemInFolder/)).toEqual([]);
});

it('loads its own pages only, and none from files', () => {
  expect(placesOf(/loadURL\(/)).toEqual(['window.ts']);
  expect(placesOf(/loadFile\(|file:\/\//)).toEqual([]);
  const { text } = SOURCES.find(({ name }) => name === 'window.ts')!;
  for (const [, address] of text.matchAll(/loadURL\(([^;]*)\);/g))
    expect(address).toMatch(
      /^(recovery\.crashed\(\) === 'reload' \? )?PAGE_ADDRESS( : FAILED_PAGE_ADDRESS)?$/,
    );
});

it('makes windows in one place, and loosens nothing there', () => {
  expect(placesOf(/new (BrowserWindow|WebContentsView|BrowserView)\(/)).toEqual(['window.ts']);
  expect(
    placesOf(
      /webSecurity|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|nodeIntegrationIn/,
    ),
  ).toEqual([]);
});

it('listens to pages through the checked handlers alone', () => {
  expect(placesOf(/ipcMain\.(handle|on|once)/)).toEqual(['ipc-handlers.ts']);
});

it('gives pages named functions, and nothing of Electron itself', () => {
  expect(placesOf(/exposeInMainWorld/)).toEqual(['preload.ts']);
  const { text } = SOURCES.find(({ name }) => name === 'preload.ts')!;
  const program = text.replace(/^import [^;]*;$/gm, '');
  expect(program).toContain('ipcRenderer.invoke(');
  // Only ever as what a method is called on: never handed out whole.
  expect(program.match(/ipcRenderer(?!\.(invoke|on|off)\()/g)).toBeNull();
});

it('is built for one exact Electron, so that a newer one is a change that somebody looks at', () => {
  expect(MANIFEST.devDependencies.electron).toMatch(/^\d+\.\d+\.\d+$/);
});
