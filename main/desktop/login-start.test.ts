import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemLoginStart, xdgLoginStart } from './login-start.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'genba 自動 '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('is a file on Linux, there or not', () => {
  const file = join(newFolder(), 'autostart', 'genba.desktop');
  const start = xdgLoginStart(file, ['/opt/Genba 工場/genba', '--data=/x 100%', '--hidden']);
  expect(start.isOn()).toBe(false);
  start.set(true);
  expect(start.isOn()).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain(
    '\nTryExec=/opt/Genba 工場/genba\nExec="/opt/Genba 工場/genba" "--data=/x 100%%" "--hidden"\n',
  );
  start.set(false);
  expect(start.isOn()).toBe(false);
});

it('escapes what a desktop would take for more than a name', () => {
  const file = join(newFolder(), 'genba.desktop');
  xdgLoginStart(file, ['/a"b$c`d\\e']).set(true);
  expect(readFileSync(file, 'utf8')).toContain(
    '\nTryExec=/a"b$c`d\\\\e\nExec="/a\\\\"b\\\\$c\\\\`d\\\\\\\\e"\n',
  );
});

it('counts a file that the desktop was told to ignore as off', () => {
  const file = join(newFolder(), 'genba.desktop');
  writeFileSync(file, '[Desktop Entry]\nHidden=true\n');
  expect(xdgLoginStart(file, []).isOn()).toBe(false);
});

it('says so where it cannot be turned on', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'file'), '');
  const start = xdgLoginStart(join(folder, 'file', 'genba.desktop'), ['x']);
  start.set(true);
  expect(start.isOn()).toBe(false);
});

it('is the system’s own list elsewhere, without a window at the start', () => {
  let kept = { openAtLogin: false, args: [''] };
  const start = systemLoginStart({
    getLoginItemSettings: ((options: { args: string[] }) => ({
      openAtLogin: kept.openAtLogin && options.args.join() === kept.args.join(),
    })) as never,
    setLoginItemSettings: ((settings: typeof kept) => {
      kept = settings;
    }) as never,
  });
  start.set(true);
  expect(kept.args).toEqual(['--hidden']);
  expect(start.isOn()).toBe(true);
  start.set(false);
  expect(start.isOn()).toBe(false);
});
