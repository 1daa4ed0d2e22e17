import { describe, expect, it } from 'vitest';
import { readLaunchOptions } from './launch-options.ts';

const plain = { arguments: [], env: {}, platform: 'linux', home: '/home/sato' } as const;

describe('readLaunchOptions', () => {
  it('prefers the argument, then the environment, then the default', () => {
    const env = { GENBA_DATA: '/from-env' };
    expect(readLaunchOptions({ ...plain, env, arguments: ['--x', '--data=/given'] }).dataFolder).toBe(
      '/given',
    );
    expect(readLaunchOptions({ ...plain, env }).dataFolder).toBe('/from-env');
    expect(readLaunchOptions(plain).dataFolder).toBe('/home/sato/.local/share/genba');
  });

  it('takes an empty argument for none', () => {
    expect(readLaunchOptions({ ...plain, arguments: ['--data='] }).dataFolder).toBe(
      '/home/sato/.local/share/genba',
    );
  });

  it('begins to choose a folder where it is told to', () => {
    expect(readLaunchOptions(plain).chooseIn).toBeNull();
    expect(readLaunchOptions({ ...plain, arguments: ['--choose-in='] }).chooseIn).toBeNull();
    expect(readLaunchOptions({ ...plain, arguments: ['--choose-in=/srv/写真'] }).chooseIn).toBe('/srv/写真');
  });

  it('may start an agent unless told to attach', () => {
    expect(readLaunchOptions(plain).mayStartAgent).toBe(true);
    expect(readLaunchOptions({ ...plain, arguments: ['--attach'] }).mayStartAgent).toBe(false);
  });

  it('stays in the tray, where it may start hidden, unless it only attaches or is told to quit', () => {
    const read = (...given: string[]) => readLaunchOptions({ ...plain, arguments: given });
    expect(read()).toMatchObject({ isHidden: false, staysInTray: true });
    expect(read('--hidden')).toMatchObject({ isHidden: true, staysInTray: true });
    expect(read('--quit-when-closed')).toMatchObject({ staysInTray: false });
    expect(read('--attach', '--hidden')).toMatchObject({ isHidden: false, staysInTray: false });
  });
});
