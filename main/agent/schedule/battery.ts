import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LINUX_FOLDER = '/sys/class/power_supply';

/** Windows has no file to read, and PowerShell takes a second of processor time, so it is asked seldom. */
const WINDOWS_DEADLINE_MS = 20_000;

/** Works in the constrained language mode of locked-down PCs, too: nothing is compiled. */
const WINDOWS_QUERY =
  "[bool[]]$online = (Get-CimInstance -Namespace root/wmi -ClassName BatteryStatus -ErrorAction Stop).PowerOnline; $online -join ' '";

/** How the PC gets its power; `unknown` counts as mains. */
export type PowerSource = 'mains' | 'battery' | 'no-battery' | 'unknown';

/** How the PC gets its power now. Never throws. */
export async function readPowerSource(platform: NodeJS.Platform): Promise<PowerSource> {
  switch (platform) {
    case 'linux':
      return await linuxPowerSource(LINUX_FOLDER);
    case 'win32':
      return windowsPowerSource(await askPowerShell());
    default:
      return 'unknown';
  }
}

/** Of the kernel's files: batteries that are the PC's own (not those of a mouse), and what charges them. */
export async function linuxPowerSource(folder: string): Promise<PowerSource> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const read = async (name: string, file: string) =>
    (await readFile(join(folder, name, file), 'utf8').catch(() => '')).trim();
  let hasBattery = false;
  let isDischarging = false;
  for (const name of names) {
    const type = await read(name, 'type');
    if (type !== 'Battery') {
      // A charger that is plugged in settles it, whatever a worn battery says.
      if ((type === 'Mains' || type === 'USB') && (await read(name, 'online')) === '1') return 'mains';
      continue;
    }
    if ((await read(name, 'scope')) === 'Device') continue;
    hasBattery = true;
    isDischarging ||= (await read(name, 'status')) === 'Discharging';
  }
  if (!hasBattery) return 'no-battery';
  return isDischarging ? 'battery' : 'mains';
}

/**
 * Reads what PowerShell printed: `True` or `False` per battery. A PC without one says `Not supported`, or nothing.
 * @param answer null where PowerShell could not be run
 */
export function windowsPowerSource(answer: { stdout: string; stderr: string } | null): PowerSource {
  if (answer === null) return 'unknown';
  const words = answer.stdout.trim().split(/\s+/);
  if (words.includes('True')) return 'mains';
  if (words.includes('False')) return 'battery';
  // 0x8004100c: the class is there, but no driver answers for it.
  return answer.stderr === '' || /0x8004100c|not supported|サポートされていません/i.test(answer.stderr)
    ? 'no-battery'
    : 'unknown';
}

function askPowerShell(): Promise<{ stdout: string; stderr: string } | null> {
  const args = ['-NoProfile', '-NonInteractive', '-NoLogo', '-Command', WINDOWS_QUERY];
  return new Promise((resolve) => {
    execFile(
      'powershell.exe',
      args,
      { timeout: WINDOWS_DEADLINE_MS, windowsHide: true },
      (error, stdout, stderr) => {
        // With an exit code PowerShell has run, and says on stderr what it did not find.
        const hasRun = error === null || typeof error.code === 'number';
        resolve(hasRun ? { stdout, stderr } : null);
      },
    );
  });
}
