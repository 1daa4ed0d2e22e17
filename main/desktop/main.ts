import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, powerMonitor } from 'electron';
import { askAgent } from '../agent/local-api/ask-agent.ts';
import { findAgent } from '../agent/local-api/find-agent.ts';
import { type AgentProgram, startAgent } from './agent-process.ts';
import { APP_ID } from './app-id.ts';
import { findOpening } from './invitation-inbox.ts';
import { readLaunchOptions } from './launch-options.ts';
import { PAGE_SCHEME } from './page-address.ts';
import { declarePageProtocol } from './page-protocol.ts';
import { Shell } from './shell.ts';
import { goBack, launch } from './updating/go-back.ts';
import { stopAgentForUpdate } from './updating/stop-agent.ts';
import { beginStart } from './updating/trial.ts';
import { UPDATE_JOURNAL_FILE, UpdateJournal } from './updating/update-journal.ts';
import { UseReporter } from './use-reporter.ts';
import { windowFolder } from './window-folder.ts';

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

/** This version had its starts: the one before comes back. Where that does not work, this one goes on trying. */
async function giveUp(journal: UpdateJournal): Promise<void> {
  const { trial } = journal.read();
  const { dataFolder } = options;
  const stopAgent = () => stopAgentForUpdate(dataFolder, { isForced: true });
  try {
    const next = await goBack(trial!, { journal, dataFolder, stopAgent, now: new Date() });
    app.releaseSingleInstanceLock();
    launch(next, dataFolder);
    app.exit(0);
  } catch {
    run(journal, true);
  }
}

function begin(): void {
  const journal = new UpdateJournal(join(app.getPath('userData'), UPDATE_JOURNAL_FILE));
  // Whoever only watches has no part in updates.
  const kind = options.mayStartAgent ? beginStart(journal, app.getVersion(), new Date()) : 'ordinary';
  if (kind === 'give-up') void giveUp(journal);
  else run(journal, kind === 'trial');
}

function run(journal: UpdateJournal, isTrial: boolean): void {
  declarePageProtocol();
  const program = agentProgram();
  const shell = new Shell({
    options,
    startAgent: (further) => startAgent(program, options.dataFolder, further),
    journal,
    isTrial,
    guard: { nodePath: program.nodePath, scriptPath: join(__dirname, 'update-guard.cjs') },
  });
  app.on('second-instance', (_, args, workingFolder) => {
    void shell.show();
    void shell.hand(findOpening(args.slice(1), workingFolder));
  });
  // The window is not the product: closing it leaves the agent at work, on every system.
  app.on('window-all-closed', () => {
    if (!options.staysInTray) app.quit();
  });
  app.on('activate', () => void shell.show());
  // macOS tells what to open by events, also those of the very start.
  const handWhenReady = (opened: string) =>
    void app.whenReady().then(() => shell.hand(findOpening([opened], '/')));
  app.on('open-url', (_, link) => handWhenReady(link));
  app.on('open-file', (_, file) => handWhenReady(file));
  void app.whenReady().then(async () => {
    if (app.isPackaged) app.setAsDefaultProtocolClient(PAGE_SCHEME);
    reportUse();
    await shell.start();
    await shell.hand(findOpening(process.argv.slice(1), process.cwd()));
  });
}

if (process.platform === 'win32') app.setAppUserModelId(APP_ID);
// One window per data folder: the lock and the browser's own files live in it, so several plants can be watched.
app.setPath('userData', windowFolder(options.dataFolder, app.getPath('userData')));
// Forms and photographs need no graphics card: an old PC's is better left to the training, and where none works, a page
// can wait for ever for the process that looked for one (without this, every second start on a PC that has none).
app.disableHardwareAcceleration();
// An updater that only puts a new AppImage in place runs it once, to end at once.
if (process.env.APPIMAGE_EXIT_AFTER_INSTALL === 'true') app.exit(0);
else if (app.requestSingleInstanceLock()) begin();
else app.quit();
