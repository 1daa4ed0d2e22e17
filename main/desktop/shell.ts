import { homedir } from 'node:os';
import { join } from 'node:path';
import { toAppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { LocalCommand } from '@genba/shared/local-api/messages';
import { app, type BrowserWindow, dialog, ipcMain, session } from 'electron';
import { askAgent, askDoctor, followAgent, readAgentStatus } from '../agent/local-api/ask-agent.ts';
import { findAgent } from '../agent/local-api/find-agent.ts';
import { AgentFollower } from './agent-follower.ts';
import { AGENT_LOG_FILE } from './agent-process.ts';
import { AgentWatcher } from './agent-watcher.ts';
import { InvitationInbox, type Opening } from './invitation-inbox.ts';
import { INVITATION_ARRIVED, UPDATE_CHANGED } from './ipc-contract.ts';
import { registerHandlers } from './ipc-handlers.ts';
import type { LaunchOptions } from './launch-options.ts';
import { lockPermissions } from './lock-down.ts';
import { writeLogBundle } from './log-bundle/log-bundle.ts';
import { HIDDEN_ARGUMENT, type LoginStart, systemLoginStart, xdgLoginStart } from './login-start.ts';
import { makeUpdates, type ShellStart } from './make-updates.ts';
import { setMenu } from './menu.ts';
import { servePages } from './page-protocol.ts';
import { PathDialogs } from './path-dialogs.ts';
import { shellHandlers } from './shell-handlers.ts';
import { SHELL_SETTINGS_FILE, ShellSettingsFile } from './shell-settings.ts';
import { surroundings } from './surroundings.ts';
import { ShellTray } from './tray.ts';
import type { ShellUpdates } from './updating/shell-updates.ts';
import { UPDATE_LOG_FILE } from './updating/update-log.ts';
import { openWindow } from './window.ts';
import { languageOf, type ShellWords, shellWords } from './words.ts';

/** How long the agent may take to answer that it will stop, milliseconds. */
const STOP_DEADLINE_MS = 10_000;

/** Has an agent wait with its work until this version has proven itself. */
const ON_TRIAL = '--on-trial';

/**
 * The shell of one data folder: its window, which may be closed, its tray, and the agent that it starts where none
 * runs and watches.
 */
export class Shell {
  readonly #options: LaunchOptions;
  readonly #settings = new ShellSettingsFile(join(app.getPath('userData'), SHELL_SETTINGS_FILE));
  readonly #inbox: InvitationInbox;
  readonly #follower: AgentFollower;
  readonly #loginStart: LoginStart;
  readonly #updates: ShellUpdates;
  readonly #isTrial: boolean;
  #watcher: AgentWatcher | null = null;
  #tray: ShellTray | null = null;
  #window: BrowserWindow | null = null;
  #language: Language | null;

  constructor(start: ShellStart) {
    const { options, startAgent, isTrial } = start;
    this.#options = options;
    this.#isTrial = isTrial;
    this.#language = this.#settings.read().language;
    this.#inbox = new InvitationInbox(
      () => new Date(),
      () => this.#window?.webContents.send(INVITATION_ARRIVED),
    );
    this.#follower = new AgentFollower({
      find: this.#find,
      start: options.mayStartAgent ? () => startAgent(this.#updates.isOnTrial ? [ON_TRIAL] : []) : null,
      now: Date.now,
    });
    this.#updates = makeUpdates(start, {
      find: this.#find,
      follower: this.#follower,
      changed: () => this.#window?.webContents.send(UPDATE_CHANGED),
    });
    app.on('before-quit', () => this.#updates.quit());
    this.#loginStart = loginStartOf(options.dataFolder);
  }

  /** Begins, once the app is ready. With `--hidden` no window opens before somebody asks for it. */
  async start(): Promise<void> {
    this.#answerPages();
    lockPermissions(session.defaultSession);
    servePages(session.defaultSession, join(app.getAppPath(), 'renderer', 'dist'));
    setMenu(this.#words(), process.platform);
    if (this.#options.mayStartAgent) this.#watch();
    if (!this.#options.isHidden) await this.show();
    else if (this.#isTrial) await this.#tryWindow();
  }

  /** Shows the window, opening it where it was closed. */
  async show(): Promise<void> {
    if (this.#window === null) await this.#open();
    if (this.#window?.isMinimized()) this.#window.restore();
    this.#window?.show();
    this.#window?.focus();
  }

  async #open(): Promise<BrowserWindow> {
    const window = openWindow(__dirname);
    this.#window = window;
    window.once('closed', () => {
      this.#window = null;
    });
    await new Promise<void>((resolve) => window.once('ready-to-show', () => resolve()));
    this.#updates.painted();
    return window;
  }

  /** Nobody has asked for the window, but a new version has to show that it can make one. */
  async #tryWindow(): Promise<void> {
    const window = await this.#open();
    await this.#updates.proven;
    if (!window.isDestroyed() && !window.isVisible()) window.close();
  }

  /** Takes in what the system was asked to open, and shows the window. */
  async hand(opening: Opening | null): Promise<void> {
    if (opening === null) return;
    await this.#inbox.hand(opening);
    await this.show();
  }

  readonly #find = () => findAgent(this.#options.dataFolder);

  #words(): ShellWords {
    return shellWords(this.#language ?? languageOf(app.getLocale()));
  }

  #setLanguage(language: Language): void {
    this.#language = language;
    this.#settings.change({ language });
    setMenu(this.#words(), process.platform);
    this.#tray?.refresh();
  }

  #answerPages(): void {
    const dialogs = new PathDialogs({
      dialog,
      window: () => this.#window,
      words: () => this.#words(),
      documents: app.getPath('documents'),
      chooseIn: this.#options.chooseIn,
    });
    const handlers = shellHandlers({
      follower: this.#follower,
      inbox: this.#inbox,
      dialogs,
      words: () => this.#words(),
      writeLogs: (target) => this.#writeLogs(target),
      setLanguage: (language) => this.#setLanguage(language),
      updates: this.#updates,
      now: () => new Date(),
    });
    registerHandlers(ipcMain, handlers);
  }

  #writeLogs(target: string): Promise<void> {
    return writeLogBundle(target, {
      dataFolder: this.#options.dataFolder,
      logFiles: [AGENT_LOG_FILE, join(app.getPath('userData'), UPDATE_LOG_FILE)],
      surroundings: surroundings(app.getVersion(), app.getLocale()),
      find: this.#find,
      status: readAgentStatus,
      examine: (endpoint) => askDoctor(endpoint, { server: null, invitation: null }),
      now: () => new Date(),
    });
  }

  #watch(): void {
    // An installed program goes on with the PC unless somebody has said otherwise.
    if (app.isPackaged && !this.#settings.read().isLoginStartSet) {
      this.#loginStart.set(true);
      this.#settings.change({ isLoginStartSet: true });
    } else if (process.env.APPIMAGE && this.#loginStart.isOn()) {
      // An AppImage may have been moved, or have another name since its update.
      this.#loginStart.set(true);
    }
    const tray = new ShellTray({
      iconFolder: __dirname,
      words: () => this.#words(),
      loginStart: this.#loginStart,
      actions: {
        open: () => void this.show(),
        pause: () => void this.#ask('pause'),
        resume: () => void this.#ask('resume'),
        quit: () => app.quit(),
        stop: () => void this.#stopAgent(),
      },
    });
    this.#tray = tray;
    this.#watcher = new AgentWatcher({
      endpoint: () => this.#follower.endpoint(),
      find: this.#find,
      follow: followAgent,
      seen: (sight) => {
        tray.show(sight);
        this.#updates.seen(sight);
      },
    });
    void this.#watcher.run();
  }

  /** Says whether it was carried out. */
  async #ask(command: 'pause' | 'resume' | 'stop'): Promise<boolean> {
    const endpoint = await this.#find();
    if (endpoint === null) return command === 'stop';
    const request: LocalCommand = { id: 1, command };
    return askAgent(endpoint, request, STOP_DEADLINE_MS).then(
      () => true,
      // One that ends may close its connection before its answer is through.
      (error) => command === 'stop' && toAppError(error).code === 'local/unauthorised' && this.#isGone(),
    );
  }

  async #isGone(): Promise<boolean> {
    return (await this.#find()) === null;
  }

  async #stopAgent(): Promise<void> {
    const words = this.#words();
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: words.stopTitle,
      detail: words.stopDetail,
      buttons: [words.cancel, words.stopConfirm],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    });
    if (response !== 1) return;
    this.#watcher?.stop();
    if (await this.#ask('stop')) {
      // The agent is not needed now: the best moment there is.
      if (this.#updates.isReady) await this.#updates.install(false);
      return app.quit();
    }
    dialog.showErrorBox('Genba', words.stopFailed);
    void this.#watcher?.run();
  }
}

/** How this system starts the shell with the PC, on this data folder. */
function loginStartOf(dataFolder: string): LoginStart {
  if (process.platform !== 'linux') return systemLoginStart(app);
  // An AppImage runs from a place that is gone at the next start; it names its file itself.
  const program = app.isPackaged
    ? [process.env.APPIMAGE ?? process.execPath]
    : [process.execPath, app.getAppPath()];
  const folder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  const command = [...program, `--data=${dataFolder}`, HIDDEN_ARGUMENT];
  return xdgLoginStart(join(folder, 'autostart', 'genba.desktop'), command);
}
