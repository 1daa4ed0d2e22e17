import { AppError } from '@genba/shared/errors/app-error';
import { describe, expect, it } from 'vitest';
import { type InstallationFacts, installationOf } from './installation.ts';
import { isWithinShare } from './rollout.ts';
import { isNothingOffered, updateProblem } from './update-problem.ts';

describe('who brings an installation up to date', () => {
  const facts: InstallationFacts = {
    platform: 'linux',
    appImage: undefined,
    isPackaged: true,
    executable: '/opt/Genba/genba',
    packageType: null,
    mayStartAgent: true,
    isWritable: () => true,
  };
  const appImage = '/home/仙台/Genba.AppImage';
  it.each<[string, Partial<InstallationFacts>, string]>([
    ['an AppImage', { appImage }, 'appimage'],
    ['an AppImage where nobody may write', { appImage, isWritable: () => false }, 'not-writable'],
    ['a deb', { packageType: 'deb' }, 'package'],
    ['an unpacked folder', {}, 'folder'],
    ['a checkout', { isPackaged: false }, 'source'],
    ['Windows, in the account’s own folder', { platform: 'win32' }, 'nsis'],
    ['Windows, for all accounts', { platform: 'win32', isWritable: () => false }, 'not-writable'],
    ['macOS', { platform: 'darwin' }, 'system'],
    ['a window on another’s agent', { appImage, mayStartAgent: false }, 'service'],
    // Another program's environment, left over.
    ['Windows with APPIMAGE set', { platform: 'win32', appImage, isPackaged: false }, 'source'],
  ])('of %s: %s', (_, change, expected) => {
    const found = installationOf({ ...facts, ...change });
    expect(found.kind === 'kept-by-it' ? found.reason : found.kind).toBe(expected);
  });
});

describe('a staged roll-out', () => {
  const devices = Array.from({ length: 4_000 }, (_, number) => `client-${number}`);
  const within = (share: number) => devices.filter((device) => isWithinShare(device, share));

  it('offers a version to about its share of the devices, and to all or none at the ends', () => {
    // Binomial: 400 ± 19 of 4000; five deviations.
    expect(Math.abs(within(10).length - 400)).toBeLessThan(95);
    expect(within(0)).toEqual([]);
    expect(within(100)).toEqual(devices);
  });

  it('only ever adds devices while the share grows', () => {
    const first = new Set(within(10));
    expect(within(37).filter((device) => first.has(device))).toHaveLength(first.size);
    expect(within(10)).toEqual([...first]);
  });
});

describe('what kept an update from coming', () => {
  const coded = (code: string, message = '') => Object.assign(new Error(message), { code });
  it.each<[unknown, string]>([
    [new AppError('startup/agent-hangs'), 'startup/agent-hangs'],
    // As electron-updater words them, for the channel file and for an installer.
    [new Error('502 tls/untrusted\n"method: GET url: http://127.0.0.1"'), 'tls/untrusted'],
    [
      new Error('Cannot download "http://127.0.0.1/updates/x", status 502: proxy/login-needed'),
      'proxy/login-needed',
    ],
    [new Error('502 Bad Gateway'), 'updates/bad-answer'],
    [new Error('502 nobody/knows-this'), 'updates/bad-answer'],
    [coded('ERR_CHECKSUM_MISMATCH', 'sha512 checksum mismatch'), 'updates/damaged'],
    [coded('ERR_UPDATER_INVALID_SIGNATURE'), 'updates/not-signed'],
    [coded('ENOSPC', 'no space left on device'), 'store/disk-full'],
    [new Error('net::ERR_CONNECTION_REFUSED'), 'updates/unreachable'],
    [new Error('Request has been aborted by the server'), 'updates/unreachable'],
    [coded('ERR_UPDATER_INVALID_UPDATE_INFO'), 'updates/bad-answer'],
    [new TypeError("Cannot read properties of null (reading 'version')"), 'updates/bad-answer'],
  ])('%s is %s', (thrown, expected) => {
    expect(updateProblem(thrown)).toBe(expected);
  });

  it('is no problem where the aggregator simply has none', () => {
    expect(isNothingOffered(coded('ERR_UPDATER_CHANNEL_FILE_NOT_FOUND'))).toBe(true);
    expect(isNothingOffered(coded('ENOSPC'))).toBe(false);
    expect(isNothingOffered(null)).toBe(false);
  });
});
