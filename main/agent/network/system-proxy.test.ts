import { describe, expect, it } from 'vitest';
import { isBypassed, isLoopback } from './bypass.ts';
import { NO_PROXY } from './proxy-answer.ts';
import { type RunProgram, readSystemProxy, runProgram } from './system-proxy.ts';

/** Answers as recorded; null where the program is not there. */
const recorded =
  (outputs: Readonly<Record<string, string>>): RunProgram =>
  async (file, args) =>
    outputs[[file, ...args].join(' ')] ?? null;

const SETTINGS = 'Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const POLICY = 'Software\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';

const windows = (hkcu: readonly string[], machine: { policy?: string; hklm?: readonly string[] } = {}) => {
  const block = (root: string, lines: readonly string[]) =>
    ['', `${root}\\${SETTINGS}`, ...lines.map((line) => `    ${line}`), '', ''].join('\r\n');
  return readSystemProxy(
    'win32',
    recorded({
      [`reg query HKCU\\${SETTINGS}`]: block('HKEY_CURRENT_USER', hkcu),
      [`reg query HKLM\\${SETTINGS}`]: block('HKEY_LOCAL_MACHINE', machine.hklm ?? []),
      ...(machine.policy === undefined
        ? {}
        : { [`reg query HKLM\\${POLICY}`]: block('HKEY_LOCAL_MACHINE', [machine.policy]) }),
    }),
  );
};

describe('the proxy of Windows', () => {
  it('is the one for everything, with its exceptions', async () => {
    const found = await windows([
      'User Agent    REG_SZ    Mozilla/4.0 (compatible; MSIE 8.0; Win32)',
      'MigrateProxy    REG_DWORD    0x1',
      'ProxyEnable    REG_DWORD    0x1',
      'ProxyServer    REG_SZ    proxy.example.co.jp:8080',
      'ProxyOverride    REG_SZ    *.example.co.jp;192.168.*;<local>',
    ]);
    expect(found).toEqual({
      script: null,
      server: 'proxy.example.co.jp:8080',
      exceptions: ['*.example.co.jp', '192.168.*', '<local>'],
    });
  });

  it('is the one for https where there is a list', async () => {
    const server = 'ProxyServer    REG_SZ    http=a.example:80;https=b.example:8443;ftp=c.example:21';
    expect(await windows(['ProxyEnable    REG_DWORD    0x1', server])).toMatchObject({
      server: 'b.example:8443',
    });
    const other = 'ProxyServer    REG_SZ    http=a.example:80;ftp=c.example:21';
    expect(await windows(['ProxyEnable    REG_DWORD    0x1', other])).toMatchObject({ server: null });
  });

  it('is none where it is switched off, but its script counts', async () => {
    const off = ['ProxyEnable    REG_DWORD    0x0', 'ProxyServer    REG_SZ    proxy.example:8080'];
    expect(await windows(off)).toEqual(NO_PROXY);
    const script = 'AutoConfigURL    REG_SZ    http://proxy.example/proxy.pac';
    expect(await windows([...off, script])).toEqual({
      ...NO_PROXY,
      script: 'http://proxy.example/proxy.pac',
    });
  });

  it('is that of the machine where IT has settled it so', async () => {
    const mine = ['ProxyEnable    REG_DWORD    0x1', 'ProxyServer    REG_SZ    mine.example:8080'];
    const hklm = ['ProxyEnable    REG_DWORD    0x1', 'ProxyServer    REG_SZ    plant.example:8080'];
    const policy = 'ProxySettingsPerUser    REG_DWORD    0x0';
    expect(await windows(mine, { policy, hklm })).toMatchObject({ server: 'plant.example:8080' });
    const perUser = 'ProxySettingsPerUser    REG_DWORD    0x1';
    expect(await windows(mine, { policy: perUser, hklm })).toMatchObject({ server: 'mine.example:8080' });
  });

  it('is none where the registry cannot be read', async () => {
    expect(await readSystemProxy('win32', recorded({}))).toEqual(NO_PROXY);
  });
});

describe('the proxy of macOS', () => {
  const read = (...lines: string[]) => {
    const output = ['<dictionary> {', ...lines.map((line) => `  ${line}`), '}', ''].join('\n');
    return readSystemProxy('darwin', recorded({ '/usr/sbin/scutil --proxy': output }));
  };

  it('is the one for https, with its exceptions', async () => {
    const found = await read(
      'ExceptionsList : <array> {',
      '  0 : *.local',
      '  1 : 169.254/16',
      '}',
      'ExcludeSimpleHostnames : 1',
      'FTPPassive : 1',
      'HTTPEnable : 1',
      'HTTPPort : 80',
      'HTTPProxy : a.example',
      'HTTPSEnable : 1',
      'HTTPSPort : 8080',
      'HTTPSProxy : b.example',
      'ProxyAutoConfigEnable : 0',
    );
    const exceptions = ['*.local', '169.254/16', '<local>'];
    expect(found).toEqual({ script: null, server: 'b.example:8080', exceptions });
  });

  it('is a script where that is switched on', async () => {
    const url = 'ProxyAutoConfigURLString : http://wpad.example/wpad.dat';
    expect(await read('ProxyAutoConfigEnable : 1', url)).toMatchObject({
      script: 'http://wpad.example/wpad.dat',
      server: null,
    });
    expect(await read('ProxyAutoConfigEnable : 0', url)).toEqual(NO_PROXY);
  });
});

describe('the proxy of GNOME', () => {
  const read = (mode: string) => {
    const output = [
      "org.gnome.system.proxy autoconfig-url 'http://wpad.example/wpad.dat'",
      "org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1', '10.0.0.0/8']",
      `org.gnome.system.proxy mode '${mode}'`,
      'org.gnome.system.proxy use-same-proxy true',
      "org.gnome.system.proxy.http authentication-password ''",
      "org.gnome.system.proxy.http host 'a.b.example'",
      'org.gnome.system.proxy.http port 80',
      "org.gnome.system.proxy.https host 'b.example'",
      'org.gnome.system.proxy.https port 8080',
      '',
    ].join('\n');
    return readSystemProxy(
      'linux',
      recorded({ 'gsettings list-recursively org.gnome.system.proxy': output }),
    );
  };

  it('is the one for https, a script, or none', async () => {
    expect(await read('manual')).toEqual({
      script: null,
      server: 'b.example:8080',
      exceptions: ['localhost', '127.0.0.0/8', '::1', '10.0.0.0/8'],
    });
    expect(await read('auto')).toEqual({ ...NO_PROXY, script: 'http://wpad.example/wpad.dat' });
    expect(await read('none')).toEqual(NO_PROXY);
  });
});

describe('runProgram', () => {
  it('gives what a program prints, and null for one that fails or is not there', async () => {
    expect(await runProgram(process.execPath, ['-e', 'console.log(1)'])).toBe('1\n');
    expect(await runProgram(process.execPath, ['-e', 'process.exit(1)'])).toBeNull();
    expect(await runProgram('no-such-program-of-genba', [])).toBeNull();
  });
});

describe('isBypassed', () => {
  const exceptions = [
    '*.example.co.jp',
    '192.168.*',
    '<local>',
    '169.254/16',
    'fd00::/8',
    '.plant.example',
    'a.b.example:443',
  ];

  it.each([
    'genba.example.co.jp',
    'GENBA.EXAMPLE.CO.JP',
    '192.168.0.5',
    'genba',
    '169.254.1.1',
    'fd00::1',
    'x.plant.example',
    'a.b.example',
  ])('names %s', (host) => {
    expect(isBypassed(host, exceptions)).toBe(true);
  });

  it.each([
    'example.co.jp',
    'genba.example.com',
    '192.169.0.5',
    '169.255.1.1',
    'fe00::1',
    'a.bxexample',
    'b.example',
  ])('does not name %s', (host) => {
    expect(isBypassed(host, exceptions)).toBe(false);
  });
});

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', 'agent.localhost', '127.0.0.1', '127.1.2.3', '::1'])('%s is', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['localhost.example', '128.0.0.1', '127.example', '::2', '10.0.0.1'])('%s is not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
