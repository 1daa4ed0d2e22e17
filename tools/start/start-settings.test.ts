import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingArguments, userFolder } from './start-settings.ts';

describe('userFolder', () => {
  it('is where npm was called, else the working folder', () => {
    expect(userFolder({ INIT_CWD: '/home/sato' }, '/opt/genba')).toBe('/home/sato');
    expect(userFolder({}, '/opt/genba')).toBe('/opt/genba');
    expect(userFolder({ INIT_CWD: '' }, '/opt/genba')).toBe('/opt/genba');
  });
});

describe('settingArguments', () => {
  it('counts relative paths from the given folder, and leaves full ones', () => {
    expect(settingArguments({ dataset: './写真 1', check: '../check' }, '/home/sato/line')).toEqual([
      '--dataset',
      resolve('/home/sato/line/写真 1'),
      '--check',
      resolve('/home/sato/check'),
    ]);
    expect(settingArguments({ dataset: '/data' }, '/home/sato')).toEqual(['--dataset', resolve('/data')]);
  });

  it('passes what is no path as it stands, and nothing that was not given', () => {
    const given = { server: 'localhost:8600', plant: './A', task: undefined };
    expect(settingArguments(given, '/home/sato')).toEqual(['--server', 'localhost:8600', '--plant', './A']);
    expect(settingArguments({}, '/home/sato')).toEqual([]);
  });
});
