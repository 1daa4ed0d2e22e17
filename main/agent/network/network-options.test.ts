import { Command } from 'commander';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { makeAuthority, toPem } from '../testing/certificates.ts';
import {
  addNetworkOptions,
  type NetworkChoices,
  networkSettings,
  PASSWORD_VARIABLE,
} from './network-options.ts';

/** What the command line comes to. */
function given(...words: string[]) {
  const command = addNetworkOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(words, { from: 'user' });
  return networkSettings(command.opts<NetworkChoices>());
}

const badSetting = expect.objectContaining({ code: 'proxy/bad-setting' });

describe('the options about proxies', () => {
  it('change nothing where none is given', () => {
    expect(given()).toEqual({ settings: {}, login: null });
  });

  it('keep a login out of the settings', () => {
    expect(given('--proxy', 'http://taro:p%40@proxy.example:8080')).toEqual({
      settings: { proxy: 'http://proxy.example:8080' },
      login: { user: 'taro', password: 'p@' },
    });
  });

  it('take a password from the first line of a file as Windows writes it, or from the environment', () => {
    const file = temporaryFolder().write('合言葉.txt', '\uFEFFひみつ 1 \r\nsecond line\r\n');
    const login = { user: '山田', password: 'ひみつ 1 ' };
    expect(given('--proxy-user', '山田', '--proxy-password-file', file).login).toEqual(login);
    vi.stubEnv(PASSWORD_VARIABLE, 'from outside');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(given('--proxy-user', '山田').login).toEqual({ user: '山田', password: 'from outside' });
  });

  it('refuse a user without password, a password without user, and a file that is not there', () => {
    vi.stubEnv(PASSWORD_VARIABLE, undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const file = temporaryFolder().write('p.txt', 'p');
    expect(() => given('--proxy-user', 'taro')).toThrow(badSetting);
    expect(() => given('--proxy-password-file', file)).toThrow(badSetting);
    expect(() => given('--proxy-user', 'taro', '--proxy-password-file', `${file}.gone`)).toThrow(badSetting);
  });

  it('refuse what is no proxy without repeating a password', () => {
    const wrong = () => given('--proxy', 'socks5://taro:secret@proxy.example:1080');
    expect(wrong).toThrow(badSetting);
    expect(wrong).not.toThrow(/secret/);
  });

  it('read certificates in both forms, and forget them', () => {
    const folder = temporaryFolder();
    const [one, two] = [makeAuthority('工場 CA'), makeAuthority('本社 CA')];
    const pem = folder.write('社内 認証局.pem', `${toPem(one.certificate)}# x\n${toPem(two.certificate)}`);
    const der = folder.write('社内.cer', one.certificate);
    expect(given('--proxy-ca', pem).settings.proxyAuthorities).toBe(
      toPem(one.certificate) + toPem(two.certificate),
    );
    expect(given('--proxy-ca', der).settings.proxyAuthorities).toBe(toPem(one.certificate));
    expect(given('--proxy-ca', 'none').settings).toEqual({ proxyAuthorities: null });
    const broken = () => given('--proxy-ca', folder.write('no certificate.pem', 'hello'));
    expect(broken).toThrow(expect.objectContaining({ code: 'proxy/bad-authority' }));
  });
});
