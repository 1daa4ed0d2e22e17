import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { MAX_NOTES_LENGTH } from '@genba/shared/local-api/app-update';
import { app } from 'electron';
import {
  AppImageUpdater,
  CancellationToken,
  type Logger,
  NsisUpdater,
  type ProgressInfo,
  type UpdateInfo,
} from 'electron-updater';
import { type Feed, type OfferedVersion, UPDATER_CACHE, type UpdateEngine } from './update-engine.ts';
import { isNothingOffered } from './update-problem.ts';

export interface ElectronEngineOptions {
  readonly kind: 'appimage' | 'nsis';
  /** Whether a version is for this PC: within the share, and not one that did not start here. */
  readonly isForHere: (version: string, sharePercent: number) => boolean;
  readonly log: Logger;
}

/** electron-updater, fed by the agent: it never does anything by itself, and asks nobody else. */
export class ElectronEngine implements UpdateEngine {
  readonly #updater: AppImageUpdater | NsisUpdater;
  #failure: Error | null = null;
  /** What was fetched last. */
  #fetched: string | null = null;

  constructor({ kind, isForHere, log }: ElectronEngineOptions) {
    const updater = kind === 'nsis' ? new NsisUpdater() : new AppImageUpdater();
    this.#updater = updater;
    updater.logger = log;
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.allowDowngrade = false;
    updater.allowPrerelease = false;
    updater.disableWebInstaller = true;
    // Parts of a file are asked for one by one, which takes a small PC longer than the whole from a server next door.
    updater.disableDifferentialDownload = true;
    updater.isUserWithinRollout = ({ version, stagingPercentage = 100 }) =>
      isForHere(version, stagingPercentage);
    if (!app.isPackaged) {
      updater.forceDevUpdateConfig = true;
      updater.updateConfigPath = developmentConfig();
    }
    // Its failures are thrown as well, but for those of an installation.
    updater.on('error', (error) => {
      this.#failure = error;
    });
  }

  readonly find = async ({ url, token }: Feed): Promise<OfferedVersion | null> => {
    // On this PC only: no proxy has a part in it.
    await this.#updater.netSession.setProxy({ mode: 'direct' });
    this.#updater.requestHeaders = { authorization: `Bearer ${token}` };
    this.#updater.setFeedURL({ provider: 'generic', url, useMultipleRangeRequest: false });
    try {
      const found = await this.#updater.checkForUpdates();
      if (!found?.isUpdateAvailable) return null;
      return { version: found.updateInfo.version, notes: notesOf(found.updateInfo) };
    } catch (thrown) {
      if (isNothingOffered(thrown)) return null;
      throw thrown;
    }
  };

  readonly fetch = async (progressed: (share: number) => void, signal: AbortSignal): Promise<void> => {
    const tell = ({ percent }: ProgressInfo) => progressed(Math.min(1, Math.max(0, percent / 100)));
    const token = new CancellationToken();
    const cancel = () => token.cancel();
    signal.addEventListener('abort', cancel);
    this.#updater.on('download-progress', tell);
    try {
      signal.throwIfAborted();
      const [file] = await this.#updater.downloadUpdate(token);
      this.#fetched = file ?? null;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#updater.off('download-progress', tell);
    }
  };

  /** As electron-updater decides it. */
  readonly destination = (program: string): string => {
    const name = this.#fetched === null ? '' : basename(this.#fetched);
    return this.#updater instanceof AppImageUpdater && /\d+\.\d+\.\d+/.test(basename(program))
      ? join(dirname(program), name)
      : program;
  };

  readonly install = (startsAfter: boolean): void => {
    this.#failure = null;
    // It keeps it to itself whether it worked.
    this.#updater.quitAndInstall(true, startsAfter);
    if (this.#failure !== null) throw new AppError('updates/not-installed', { cause: this.#failure });
  };
}

/** Plain text of what a version brings: nothing of it is ever shown as anything but text. */
function notesOf({ releaseNotes }: UpdateInfo): string | null {
  const text = Array.isArray(releaseNotes)
    ? releaseNotes.map(({ note }) => note ?? '').join('\n\n')
    : (releaseNotes ?? '');
  const plain = String(text)
    .replace(/<[^>]*>/g, '')
    .trim();
  return plain === '' ? null : plain.slice(0, MAX_NOTES_LENGTH);
}

/** A package brings this file along; run from the sources, there is none. */
function developmentConfig(): string {
  const path = join(app.getPath('userData'), 'dev-app-update.yml');
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `provider: generic\nurl: http://127.0.0.1/\nupdaterCacheDirName: ${UPDATER_CACHE}\n`);
  }
  return path;
}
