import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KeptByItReason } from '@genba/shared/local-api/app-update';

/** How this program was installed, as far as that says who brings it up to date. */
export type Installation =
  | {
      readonly kind: 'appimage' | 'nsis';
      /** What is started to start the program: the AppImage, or the executable. */
      readonly program: string;
    }
  | { readonly kind: 'kept-by-it'; readonly reason: KeptByItReason };

export interface InstallationFacts {
  readonly platform: NodeJS.Platform;
  /** `APPIMAGE` of the environment, which the runtime of an AppImage sets. */
  readonly appImage: string | undefined;
  readonly isPackaged: boolean;
  readonly executable: string;
  /** What electron-builder has left in the package: `deb`; null where there is nothing of the kind. */
  readonly packageType: string | null;
  /** False where somebody else runs the agent, as with `--attach`. */
  readonly mayStartAgent: boolean;
  readonly isWritable: (folder: string) => boolean;
}

/** Decides who brings an installation up to date. */
export function installationOf(facts: InstallationFacts): Installation {
  const { platform, appImage, executable, isWritable } = facts;
  const byIt = (reason: KeptByItReason) => ({ kind: 'kept-by-it', reason }) as const;
  if (!facts.mayStartAgent) return byIt('service');
  if (platform === 'linux' && appImage)
    return isWritable(dirname(appImage)) ? { kind: 'appimage', program: appImage } : byIt('not-writable');
  if (!facts.isPackaged) return byIt('source');
  if (platform === 'linux') return byIt(facts.packageType === null ? 'folder' : 'package');
  if (platform !== 'win32') return byIt('system');
  return isWritable(dirname(executable)) ? { kind: 'nsis', program: executable } : byIt('not-writable');
}

/** What electron-builder says of the package that a program came in; null where it says nothing. */
export function readPackageType(resourcesFolder: string): string | null {
  try {
    return readFileSync(join(resourcesFolder, 'package-type'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Whether files can be put into a folder. It is tried: on Windows its rights do not tell. */
export function isWritableFolder(folder: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(folder, '.genba-')));
    return true;
  } catch {
    return false;
  }
}
