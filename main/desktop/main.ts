import { homedir } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, ipcMain, powerMonitor, session } from 'electron';
import { askAgent } from '../agent/local-api/ask-agent.ts';
import { findAgent } from '../agent/local-api/find-agent.ts';
import { AgentFollower } from './agent-follower.ts';
import { type AgentProgram, startAgent } from './agent-process.ts';
import { registerHandlers } from './ipc-handlers.ts';
import { readLaunchOptions } from './launch-options.ts';
import { lockPermissions } from './lock-down.ts';
import { setMenu } from './menu.ts';
import { declarePageProtocol, servePages } from './page-protocol.ts';
import { UseReporter } from './use-reporter.ts';
import { openWindow } from './window.ts';
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
  const base = app.isPackaged ? process.resourcesPath : app.getAppPath();
  const bundled = app.isPackaged ? join(base, nodeFile) : join(base, 'node_modules', 'node', 'bin', nodeFile);
  return {
    nodePath: process.env.GENBA_NODE || bundled,
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
  declarePageProtocol();
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  // The window is not the product: closing it leaves the agent at work, on every system.
  app.on('window-all-closed', () => app.quit());
  const follower = new AgentFollower({
    find: () => findAgent(options.dataFolder),
    start: options.mayStartAgent ? () => startAgent(agentProgram(), options.dataFolder) : null,
    now: Date.now,
  });
  registerHandlers(ipcMain, { 'window/endpoint': () => follower.endpoint() });
  void app.whenReady().then(async () => {
    lockPermissions(session.defaultSession);
    servePages(session.defaultSession, join(app.getAppPath(), 'renderer', 'dist'));
    setMenu(app.getLocale(), process.platform);
    reportUse();
    window = await openWindow(__dirname);
  });
}

// One window per data folder: the lock and the browser's own files live in it, so several plants can be watched.
app.setPath('userData', windowFolder(options.dataFolder, app.getPath('userData')));
if (app.requestSingleInstanceLock()) run();
else app.quit();
