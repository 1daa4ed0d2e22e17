import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseGnomeProxy } from './gnome-proxy.ts';
import { parseMacProxy } from './mac-proxy.ts';
import type { SystemProxy } from './proxy-answer.ts';
import { parseMachinePolicy, parseWindowsProxy } from './windows-proxy.ts';

/** Runs a program of the operating system; its output, or null when it fails or is not there. */
export type RunProgram = (file: string, args: readonly string[]) => Promise<string | null>;

/** Longest a program may take, milliseconds. */
const PROGRAM_DEADLINE_MS = 5_000;

const execute = promisify(execFile);

/** Runs a real program. What is looked for in its output is ASCII in every code page. */
export const runProgram: RunProgram = async (file, args) => {
  const options = { timeout: PROGRAM_DEADLINE_MS, windowsHide: true, encoding: 'latin1' } as const;
  try {
    return (await execute(file, [...args], options)).stdout;
  } catch {
    return null;
  }
};

const INTERNET_SETTINGS = 'Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const POLICY = 'Software\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';

/** What the operating system says about proxies; `NO_PROXY` where it says nothing that is understood. */
export async function readSystemProxy(
  platform: NodeJS.Platform = process.platform,
  run: RunProgram = runProgram,
): Promise<SystemProxy> {
  switch (platform) {
    case 'win32':
      return readWindowsProxy(run);
    case 'darwin':
      return parseMacProxy((await run('/usr/sbin/scutil', ['--proxy'])) ?? '');
    default:
      return parseGnomeProxy((await run('gsettings', ['list-recursively', 'org.gnome.system.proxy'])) ?? '');
  }
}

async function readWindowsProxy(run: RunProgram): Promise<SystemProxy> {
  const query = async (root: string, key: string) => (await run('reg', ['query', `${root}\\${key}`])) ?? '';
  // IT may have settled it for the whole machine; otherwise each account has its own.
  const root = parseMachinePolicy(await query('HKLM', POLICY)) ? 'HKLM' : 'HKCU';
  return parseWindowsProxy(await query(root, INTERNET_SETTINGS));
}
