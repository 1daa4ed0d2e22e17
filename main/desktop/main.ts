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

function run(): void {
  declarePageProtocol();
  const shell = new Shell(options, () => startAgent(agentProgram(), options.dataFolder));
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
if (app.requestSingleInstanceLock()) run();
else app.quit();
