import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeIfAvailable } from '../../../tools/requirements.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import type { ServiceProgram } from './service-program.ts';
import { systemdUnit } from './systemd-unit.ts';
import { windowsService } from './windows-service.ts';

const PROGRAM: ServiceProgram = {
  nodePath: '/opt/genba 1/node',
  cliPath: '/opt/genba 1/main/agent/cli.ts',
  dataFolder: '/srv/検査 ライン 2/50% $HOME "x"\\',
  account: 'genba',
  isWindowShared: false,
};

/** The value of each key of a unit. */
function valuesOf(unit: string): Map<string, string[]> {
  const pairs = [...unit.matchAll(/^([A-Z]\w+)=(.*)$/gm)];
  return new Map(
    [...Map.groupBy(pairs, ([, key]) => key!)].map(([key, all]) => [key, all.map(([, , value]) => value!)]),
  );
}

/** Splits a command line as systemd.syntax(7) and systemd.service(5) tell. */
function systemdWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) =>
    word!.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  );
}

describe('the systemd unit', () => {
  it('starts the agent with its paths as they are, whatever characters they have', () => {
    const values = valuesOf(systemdUnit(PROGRAM));
    expect(systemdWords(values.get('ExecStart')![0]!)).toEqual([
      PROGRAM.nodePath,
      PROGRAM.cliPath,
      'run',
      '--take-over',
      '--quiet',
      '--data',
      PROGRAM.dataFolder,
    ]);
    expect(systemdWords(values.get('ReadWritePaths')![0]!)).toEqual([PROGRAM.dataFolder]);
    expect(values.get('WorkingDirectory')).toEqual(['/srv/検査 ライン 2/50%% $HOME "x"\\']);
    expect(values.get('User')).toEqual(['genba']);
  });

  it('stays down after a clean end, and where starting again cannot help', () => {
    const values = valuesOf(systemdUnit(PROGRAM));
    expect(values.get('Restart')).toEqual(['on-failure']);
    // Wrong usage, folder not writable, newer database, encryption required: docs/ERRORS.md.
    expect(values.get('RestartPreventExitStatus')).toEqual(['2 4 6 7']);
    expect(values.get('KillMode')).toEqual(['mixed']);
    expect(values.get('OOMPolicy')).toEqual(['continue']);
  });

  it('lets the group open the window only where that is wanted', () => {
    expect(systemdUnit(PROGRAM)).not.toContain('--share-window');
    expect(systemdUnit({ ...PROGRAM, isWindowShared: true })).toContain('--share-window');
  });
});

describeIfAvailable('systemd-analyze', 'the systemd unit, judged by systemd', () => {
  /** A unit whose paths exist, as systemd wants them. */
  function unitFile(account: string): string {
    const { root } = temporaryFolder();
    const dataFolder = path.join(root, '検査 ライン 2');
    mkdirSync(dataFolder);
    const file = path.join(root, 'genba-agent.service');
    writeFileSync(
      file,
      systemdUnit({
        nodePath: process.execPath,
        cliPath: path.join(import.meta.dirname, '../cli.ts'),
        dataFolder,
        account,
        isWindowShared: true,
      }),
    );
    return file;
  }

  it('is taken without a warning', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unitFile(os.userInfo().username)], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('gives the agent little to break out with', () => {
    // 100 is no protection at all, 0 is more than any program can bear; this one keeps network and its folder.
    const args = ['security', '--offline=true', '--threshold=20', unitFile('genba')];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/exposure level.*OK/) });
  });
});

describe('the Windows service', () => {
  const program: ServiceProgram = {
    nodePath: 'C:\\Program Files\\Genba & Co\\node.exe',
    cliPath: 'C:\\Program Files\\Genba & Co\\main\\agent\\cli.ts',
    dataFolder: 'C:\\Users\\山田 太郎\\Genba',
    account: 'x',
    isWindowShared: false,
  };

  /** The texts of all elements with this name. */
  const texts = (name: string) =>
    [...windowsService(program).matchAll(new RegExp(`<${name}>(.*)</${name}>`, 'g'))].map(([, text]) =>
      text!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    );

  it('starts the agent, one word per element, which WinSW quotes itself', () => {
    expect(texts('executable')).toEqual([program.nodePath]);
    const words = ['run', '--take-over', '--quiet', '--data', program.dataFolder];
    expect(texts('startargument')).toEqual([program.cliPath, ...words]);
  });

  it('asks the agent to stop, and ends it where it does not, before WinSW gives up', () => {
    expect(texts('stopexecutable')).toEqual([program.nodePath]);
    const words = ['stop', '--force', '--wait', '45', '--data', program.dataFolder];
    expect(texts('stopargument')).toEqual([program.cliPath, ...words]);
    expect(texts('stoptimeout')).toEqual(['60 sec']);
  });
});
