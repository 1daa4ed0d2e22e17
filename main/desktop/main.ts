import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '@genba/shared/errors/catalogue';
import { app, type BrowserWindow, dialog, ipcMain, powerMonitor, session } from 'electron';
import { askAgent, askDoctor, readAgentStatus } from '../agent/local-api/ask-agent.ts';
import { findAgent } from '../agent/local-api/find-agent.ts';
import { AgentFollower } from './agent-follower.ts';
import { AGENT_LOG_FILE, type AgentProgram, startAgent } from './agent-process.ts';
import { findOpening, InvitationInbox, type Opening } from './invitation-inbox.ts';
import { INVITATION_ARRIVED } from './ipc-contract.ts';
import { registerHandlers } from './ipc-handlers.ts';
import { readLaunchOptions } from './launch-options.ts';
import { lockPermissions } from './lock-down.ts';
import { writeLogBundle } from './log-bundle/log-bundle.ts';
import { setMenu } from './menu.ts';
import { declarePageProtocol, servePages } from './page-protocol.ts';
import { PathDialogs } from './path-dialogs.ts';
import { shellHandlers } from './shell-handlers.ts';
import { SHELL_SETTINGS_FILE, ShellSettingsFile } from './shell-settings.ts';
import { surroundings } from './surroundings.ts';
import { UseReporter } from './use-reporter.ts';
import { openWindow } from './window.ts';
import { windowFolder } from './window-folder.ts';
import { languageOf, shellWords } from './words.ts';

const options = readLaunchOptions({
  arguments: process.argv.slice(1),
  env: process.env,
  platform: process.platform,
  home: homedir(),
});

/** The pinned Node and the agent: what the launcher names, what the package brings, or the checkout's own. */
function agentProgram(): AgentProgram {
  const nodeFile = process.platform === 'win32' ? 'node.exe' : 'node';
  if (app.isPackaged) {
    return {
      nodePath: join(process.resourcesPath, nodeFile),
      cliPath: join(process.resourcesPath, 'agent', 'main', 'agent', 'cli.js'),
    };
  }
  const base = app.getAppPath();
  return {
    nodePath: process.env.GENBA_NODE || join(base, 'node_modules', 'node', 'bin', nodeFile),
    cliPath: join(base, 'main', 'agent', 'cli.ts'),
  };
}

/** Lets the agent know what only a program on the desktop can see; at once when the plug is pulled or put in. */
function reportUse(): void {
  const reporter = new UseReporter({
    find: () => findAgent(options.dataFolder),
    ask: askAgent,
    idleSeconds: () => powerMonitor.getSystemIdleTime(),
    isOnBattery: () => powerMonitor.isOnBatteryPower(),
  });
  powerMonitor.on('on-battery', () => void reporter.report());
  powerMonitor.on('on-ac', () => void reporter.report());
  powerMonitor.on('resume', () => void reporter.report());
  reporter.start();
}

function run(): void {
  let window: BrowserWindow | null = null;
  const settings = new ShellSettingsFile(join(app.getPath('userData'), SHELL_SETTINGS_FILE));
  const words = () => shellWords(settings.read().language ?? languageOf(app.getLocale()));
  const inbox = new InvitationInbox(
    () => new Date(),
    () => window?.webContents.send(INVITATION_ARRIVED),
  );
  const show = () => {
    if (window?.isMinimized()) window.restore();
    window?.show();
    window?.focus();
  };
  const hand = (opening: Opening | null) => {
    if (opening !== null) void inbox.hand(opening).then(show);
  };
  declarePageProtocol();
  app.on('second-instance', (_, args, workingFolder) => {
    show();
    hand(findOpening(args.slice(1), workingFolder));
  });
  // macOS tells what to open by events, also those of the very start.
  app.on('open-url', (_, link) => hand(findOpening([link], '/')));
  app.on('open-file', (_, file) => hand(findOpening([file], '/')));
  // The window is not the product: closing it leaves the agent at work, on every system.
  app.on('window-all-closed', () => app.quit());
  const find = () => findAgent(options.dataFolder);
  const follower = new AgentFollower({
    find,
    start: options.mayStartAgent ? () => startAgent(agentProgram(), options.dataFolder) : null,
    now: Date.now,
  });
  const writeLogs = (target: string) =>
    writeLogBundle(target, {
      dataFolder: options.dataFolder,
      logFiles: [AGENT_LOG_FILE],
      surroundings: surroundings(app.getVersion(), app.getLocale()),
      find,
      status: readAgentStatus,
      examine: (endpoint) => askDoctor(endpoint, { server: null, invitation: null }),
      now: () => new Date(),
    });
  void app.whenReady().then(async () => {
    const dialogs = new PathDialogs({
      dialog,
      window: () => window,
      words,
      documents: app.getPath('documents'),
    });
    const setLanguage = (language: Language) => {
      settings.change({ language });
      setMenu(words(), process.platform);
    };
    registerHandlers(
      ipcMain,
      shellHandlers({ follower, inbox, dialogs, words, writeLogs, setLanguage, now: () => new Date() }),
    );
    lockPermissions(session.defaultSession);
    servePages(session.defaultSession, join(app.getAppPath(), 'renderer', 'dist'));
    setMenu(words(), process.platform);
    reportUse();
    hand(findOpening(process.argv.slice(1), process.cwd()));
    window = await openWindow(__dirname);
  });
}

// One window per data folder: the lock and the browser's own files live in it, so several plants can be watched.
app.setPath('userData', windowFolder(options.dataFolder, app.getPath('userData')));
if (app.requestSingleInstanceLock()) run();
else app.quit();
