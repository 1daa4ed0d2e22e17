import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeIfAvailable } from '../requirements.ts';
import { buildDeb, controlFile, NO_HOME_PAGE, readFpmArguments } from './build-deb.ts';

/** As electron-builder calls fpm. */
const ARGUMENTS = [
  ...['-s', 'dir', '--force', '-t', 'deb', '-d', 'libc6', '-d', 'libnss3', '--deb-recommends', 'libvulkan1'],
  ...[
    '--deb-compression',
    'zst',
    '--architecture',
    'amd64',
    '--after-install',
    'in.sh',
    '--after-remove',
    'out.sh',
  ],
  ...['--description', 'Short\n Long, in\n\n two parts', '--version', '1.2.0~beta', '--package', 'genba.deb'],
  ...[
    '--name',
    'genba',
    '--maintainer',
    'IT <it@plant.example>',
    '--vendor',
    'IT',
    '--url',
    'https://x.example',
  ],
  ...[
    '--before-remove',
    'before.sh',
    '/a b/=/opt/Genba',
    '/t=1.desktop=/usr/share/applications/genba.desktop',
  ],
];

describe('readFpmArguments', () => {
  it('understands what electron-builder asks for', () => {
    expect(readFpmArguments(ARGUMENTS)).toEqual({
      packageFile: 'genba.deb',
      fields: {
        Package: 'genba',
        Version: '1.2.0~beta',
        Architecture: 'amd64',
        Maintainer: 'IT <it@plant.example>',
        Depends: 'libc6, libnss3',
        Recommends: 'libvulkan1',
        Section: 'misc',
        Priority: 'optional',
        Homepage: 'https://x.example',
      },
      description: 'Short\n Long, in\n\n two parts',
      compression: 'zstd',
      scripts: { postinst: 'in.sh', prerm: 'before.sh', postrm: 'out.sh' },
      content: [
        { from: '/a b/', to: '/opt/Genba' },
        { from: '/t=1.desktop', to: '/usr/share/applications/genba.desktop' },
      ],
    });
  });

  it('writes no home page where there is none', () => {
    const args = ARGUMENTS.map((argument) => (argument === 'https://x.example' ? NO_HOME_PAGE : argument));
    expect(readFpmArguments(args).fields).not.toHaveProperty('Homepage');
  });

  it('leaves out nothing that it was asked for without saying so', () => {
    expect(() => readFpmArguments([...ARGUMENTS, '--deb-systemd', 'x'])).toThrow(/deb-systemd/);
    expect(() =>
      readFpmArguments(ARGUMENTS.map((argument) => (argument === 'deb' ? 'rpm' : argument))),
    ).toThrow(/rpm/);
    expect(() => readFpmArguments(['-t', 'deb', '--package', 'x.deb'])).toThrow(/name/);
    expect(() => readFpmArguments([...ARGUMENTS, 'nowhere'])).toThrow(/nowhere/);
  });
});

it('writes paragraphs of a description as Debian has them', () => {
  const text = controlFile(readFpmArguments(ARGUMENTS), 42);
  expect(text).toMatch(/^Package: genba\nVersion: 1\.2\.0~beta\n/);
  expect(text).toMatch(/\nInstalled-Size: 42\nDescription: Short\n Long, in\n \.\n two parts\n$/);
});

describeIfAvailable('dpkg-deb', 'buildDeb', () => {
  it('makes a package of files that are root’s and readable for everybody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'genba 包 '));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const app = join(folder, 'アプリ');
    mkdirSync(join(app, 'in'), { recursive: true, mode: 0o700 });
    writeFileSync(join(app, 'in', '資料.txt'), 'x'.repeat(1_500), { mode: 0o600 });
    writeFileSync(join(app, 'genba'), '#!/bin/sh\n', { mode: 0o777 });
    chmodSync(join(app, 'genba'), 0o777);
    symlinkSync('genba', join(app, 'link'));
    const scripts = { postinst: join(folder, 'in.sh') };
    writeFileSync(scripts.postinst, '#!/bin/sh\n');
    const request = readFpmArguments(ARGUMENTS);
    const packageFile = join(folder, 'genba.deb');
    await buildDeb({ ...request, packageFile, scripts, content: [{ from: `${app}/`, to: '/opt/Genba' }] });

    const dpkg = (...args: string[]) =>
      execFileSync('dpkg-deb', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    const listed = dpkg('--contents', packageFile)
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +\d+ \d{4}-\d{2}-\d{2} \d{2}:\d{2}/, ''));
    expect(listed).toEqual(
      expect.arrayContaining([
        'drwxr-xr-x root/root ./opt/Genba/in/',
        '-rw-r--r-- root/root ./opt/Genba/in/資料.txt',
        '-rwxr-xr-x root/root ./opt/Genba/genba',
        'lrwxrwxrwx root/root ./opt/Genba/link -> genba',
      ]),
    );
    expect(dpkg('--field', packageFile, 'Depends')).toBe('libc6, libnss3\n');
    // Two files of 1 and 2 kilobytes; link and folders count one each.
    expect(dpkg('--field', packageFile, 'Installed-Size')).toBe('7\n');
    expect(dpkg('--info', packageFile, 'postinst')).toBe('#!/bin/sh\n');
    expect(dpkg('--info', packageFile, 'md5sums').split('\n')).toHaveLength(3);
  });
});
