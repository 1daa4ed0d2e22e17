import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { linuxPowerSource, readPowerSource, windowsPowerSource } from './battery.ts';

type Supply = Readonly<Record<string, string>>;

/** A folder like /sys/class/power_supply. */
function supplies(all: Readonly<Record<string, Supply>>): string {
  const { root, write } = temporaryFolder();
  for (const [name, files] of Object.entries(all)) {
    for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, `${content}\n`);
  }
  return root;
}

describe('linuxPowerSource', () => {
  const battery = { type: 'Battery', status: 'Discharging' };

  it.each<[string, Readonly<Record<string, Supply>>, string]>([
    ['a laptop off the plug', { AC: { type: 'Mains', online: '0' }, BAT0: battery }, 'battery'],
    [
      'a laptop on the plug',
      { AC: { type: 'Mains', online: '1' }, BAT0: { ...battery, status: 'Full' } },
      'mains',
    ],
    ['a worn battery on the plug', { ADP1: { type: 'Mains', online: '1' }, BAT0: battery }, 'mains'],
    ['one charged over USB-C', { ucsi: { type: 'USB', online: '1' }, BAT0: battery }, 'mains'],
    ['a tablet without a charger of its own', { BAT0: battery }, 'battery'],
    ['a desktop with a mouse', { hid: { ...battery, scope: 'Device' } }, 'no-battery'],
    ['a desktop', {}, 'no-battery'],
  ])('knows %s', async (_, folder, source) => {
    expect(await linuxPowerSource(supplies(folder))).toBe(source);
  });

  it('takes a system without such a folder for one without a battery', async () => {
    expect(await linuxPowerSource('/nowhere/at/all')).toBe('no-battery');
  });
});

describe('windowsPowerSource', () => {
  it.each([
    ['one battery on the plug', { stdout: 'True\r\n', stderr: '' }, 'mains'],
    ['one battery off the plug', { stdout: 'False\r\n', stderr: '' }, 'battery'],
    ['two batteries, one of them charged', { stdout: 'True False\r\n', stderr: '' }, 'mains'],
    ['no battery', { stdout: '', stderr: '' }, 'no-battery'],
    ['no driver for one', { stdout: '', stderr: 'Get-CimInstance : Not supported \r\n' }, 'no-battery'],
    [
      'the same in Japanese',
      { stdout: '', stderr: 'Get-CimInstance : サポートされていません \r\n' },
      'no-battery',
    ],
    ['a service that is off', { stdout: '', stderr: 'The service cannot be started' }, 'unknown'],
    ['a PC that forbids PowerShell', null, 'unknown'],
  ])('knows %s', (_, answer, source) => {
    expect(windowsPowerSource(answer)).toBe(source);
  });

  it('holds nothing up on a system it does not know', async () => {
    expect(await readPowerSource('freebsd')).toBe('unknown');
  });
});
