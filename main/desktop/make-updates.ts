import { join } from 'node:path';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { app } from 'electron';
import { askAgent } from '../agent/local-api/ask-agent.ts';
import type { AgentFollower } from './agent-follower.ts';
import type { StartedAgent } from './agent-process.ts';
import type { LaunchOptions } from './launch-options.ts';
import { installationOf, isWritableFolder, readPackageType } from './updating/installation.ts';
import { ShellUpdates } from './updating/shell-updates.ts';
import type { GuardProgram } from './updating/start-guard.ts';
import { UPDATER_CACHE } from './updating/update-engine.ts';
import type { UpdateJournal } from './updating/update-journal.ts';
import { updateLog } from './updating/update-log.ts';

/** What the shell is started with. */
export interface ShellStart {
  readonly options: LaunchOptions;
  /** Starts an agent with further arguments. */
  readonly startAgent: (further: readonly string[]) => StartedAgent;
  readonly journal: UpdateJournal;
  /** This version was installed by an update and has yet to prove itself. */
  readonly isTrial: boolean;
  readonly guard: GuardProgram;
}

/** The updates of this program, as it is installed here. */
export function makeUpdates(
  { options, journal, isTrial, guard }: ShellStart,
  around: {
    readonly find: () => Promise<LocalApiEndpoint | null>;
    readonly follower: AgentFollower;
    readonly changed: () => void;
  },
): ShellUpdates {
  const folder = app.getPath('userData');
  const installation = installationOf({
    platform: process.platform,
    appImage: process.env.APPIMAGE,
    isPackaged: app.isPackaged,
    executable: process.execPath,
    packageType: readPackageType(process.resourcesPath),
    mayStartAgent: options.mayStartAgent,
    isWritable: isWritableFolder,
  });
  return new ShellUpdates({
    version: app.getVersion(),
    installation,
    journal,
    isTrial,
    dataFolder: options.dataFolder,
    folder,
    guard,
    ownInstaller: join(process.env.LOCALAPPDATA ?? '', UPDATER_CACHE, 'installer.exe'),
    makeEngine: async (isForHere) => {
      // Read when it is needed, and not by a start that somebody waits for.
      const { ElectronEngine } = await import('./updating/electron-engine.ts');
      const kind = installation.kind === 'nsis' ? 'nsis' : 'appimage';
      return new ElectronEngine({ kind, isForHere, log: updateLog(folder) });
    },
    find: around.find,
    ask: askAgent,
    suspendAgent: (isSuspended) => around.follower.suspend(isSuspended),
    makeRoom: (isWanted) => {
      // The next version finds its data folder by this: an updater passes no arguments on.
      process.env.GENBA_DATA = options.dataFolder;
      if (isWanted) app.releaseSingleInstanceLock();
      else app.requestSingleInstanceLock();
    },
    changed: around.changed,
    now: () => new Date(),
  });
}
