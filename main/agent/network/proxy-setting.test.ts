import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ProxyLoginFile } from './proxy-login-file.ts';
import { readProxySetting, splitLogin } from './proxy-setting.ts';

describe('readProxySetting', () => {
  it.each([
    ['system', { kind: 'system' }],
    ['None', { kind: 'none' }],
    ['proxy.example:8080', { kind: 'fixed', proxy: { scheme: 'http', host: 'proxy.example', port: 8080 } }],
    ['http://proxy.example', { kind: 'fixed', proxy: { scheme: 'http', host: 'proxy.example', port: 80 } }],
    ['https://[::1]:8443/', { kind: 'fixed', proxy: { scheme: 'https', host: '::1', port: 8443 } }],
    ['pac+http://wpad/wpad.dat', { kind: 'script', url: 'http://wpad/wpad.dat' }],
    ['PAC+file:///C:/設定/proxy.pac', { kind: 'script', url: 'file:///C:/%E8%A8%AD%E5%AE%9A/proxy.pac' }],
  ])('understands %s', (text, setting) => {
    expect(readProxySetting(text)).toEqual(setting);
  });

  it.each([
    '',
    'socks5://proxy.example:1080',
    'http://',
    'not a proxy',
    'pac+ftp://proxy.example/proxy.pac',
    'pac+',
  ])('refuses %j', (text) => {
    expect(() => readProxySetting(text)).toThrow(expect.objectContaining({ code: 'proxy/bad-setting' }));
  });
});

describe('splitLogin', () => {
  it.each([
    ['http://taro:p%40ss%3A@proxy.example:8080', 'http://proxy.example:8080', 'taro', 'p@ss:'],
    // A password with the character that ends it: the last one counts.
    ['taro:p@ss@proxy.example:8080', 'proxy.example:8080', 'taro', 'p@ss'],
    ['http://%E5%B1%B1%E7%94%B0:x:y@proxy.example', 'http://proxy.example', '山田', 'x:y'],
    // Typed with a Japanese keyboard in full-width mode; a password stays as it is.
    ['ｈｔｔｐ：／／proxy.example', 'http://proxy.example', null, null],
    ['taro:ｐ@ｐroxy.example:８０８０', 'proxy.example:8080', 'taro', 'ｐ'],
  ])('of %s', (typed, rest, user, password) => {
    expect(splitLogin(typed)).toEqual({ rest, login: user === null ? null : { user, password } });
  });

  it('tells nothing of a password that cannot be read', () => {
    const split = () => splitLogin('http://taro:100%secret@proxy.example');
    expect(split).toThrow(expect.objectContaining({ code: 'proxy/bad-setting' }));
    expect(split).not.toThrow(/secret/);
  });
});

describe('ProxyLoginFile', () => {
  const login = { user: '山田', password: 'ひみつ:1' };

  it('keeps a login for the setting it was given with, and for no other', () => {
    const folder = temporaryFolder().root;
    new ProxyLoginFile(folder).write('http://proxy.example:8080', login);
    const file = new ProxyLoginFile(folder);
    expect(file.read('http://proxy.example:8080')).toEqual(login);
    expect(file.read('http://other.example:8080')).toBeNull();
    expect(file.read('system')).toBeNull();
    file.remove();
    expect(file.read('http://proxy.example:8080')).toBeNull();
  });

  it.skipIf(process.platform === 'win32')('is readable by its own account only', () => {
    const folder = temporaryFolder().root;
    new ProxyLoginFile(folder).write('system', login);
    expect(statSync(path.join(folder, 'proxy-login.json')).mode & 0o077).toBe(0);
  });

  it('refuses a user that no proxy would understand', () => {
    const file = new ProxyLoginFile(temporaryFolder().root);
    const code = 'proxy/bad-setting';
    expect(() => file.write('system', { user: 'a:b', password: '' })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
