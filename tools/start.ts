import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopAgent as askAgentToStop } from '../main/agent/local-api/take-over.ts';
import { AGENT_LOG_FILE, type AgentProgram } from '../main/desktop/agent-process.ts';
import { ensureAgent } from './background-agent.ts';
import { buildWindows } from './build-windows.ts';
import { chooseDataFolder } from './data-folder-choice.ts';
import { downloadElectron, findElectron } from './electron-binary.ts';
import { type AgentSetting, settingArguments, userFolder } from './start-settings.ts';
import { type BrowserReason, startWords } from './start-words.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Electron that ends with an error this soon never showed a window. */
const EARLY_END_MS = 8_000;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const { values, positionals: opened } = parseArgs({
  // An invitation, as a link or a file.
  allowPositionals: true,
  options: {
    data: text,
    browser: flag,
    stop: flag,
    ...({ server: text, dataset: text, check: text, plant: text, task: text } satisfies Record<
      AgentSetting,
      typeof text
    >),
  },
});

const program: AgentProgram = {
  nodePath: process.execPath,
  cliPath: join(root, 'main', 'agent', 'cli.ts'),
};

/** How long the agent may take to stop, milliseconds. */
const STOP_DEADLINE_MS = 30_000;

/** Stops the agent of a data folder and waits until it is gone; says whether one ran. */
async function stopAgent(dataFolder: string): Promise<boolean> {
  return (await askAgentToStop({ dataFolder, waitMs: STOP_DEADLINE_MS })) !== 'not-running';
}

/** Opens Electron and waits until its window is closed; says why that did not work, or null when it did. */
async function openInElectron(dataFolder: string, isDemo: boolean): Promise<BrowserReason | null> {
  if (values.browser) return 'asked';
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return 'no-display';
  let binary = findElectron();
  if (binary === null) {
    console.log(startWords.downloading());
    binary = downloadElectron();
  }
  if (binary === null) return 'no-binary';
  const startedAt = Date.now();
  const electron = spawn(
    binary,
    [root, `--data=${dataFolder}`, isDemo ? '--attach' : '--quit-when-closed', ...opened],
    {
      stdio: 'inherit',
      env: { ...process.env, GENBA_NODE: process.execPath },
    },
  );
  const code = await once(electron, 'exit').then(
    ([exitCode]) => exitCode,
    () => 1,
  );
  return code === 0 || Date.now() - startedAt > EARLY_END_MS ? null : 'did-not-start';
}

async function openInBrowser(reason: BrowserReason, dataFolder: string): Promise<void> {
  const agent = await ensureAgent(program, dataFolder, []);
  if (agent === null) {
    console.error(startWords.noAgent(join(dataFolder, AGENT_LOG_FILE)));
    process.exitCode = 1;
    return;
  }
  const address = `${agent.address}/#token=${agent.token}`;
  console.log(startWords.browser(reason, address));
  // Best effort: a server without a desktop has no opener, and the address is printed anyway.
  const [command, ...args] = {
    darwin: ['open', address],
    win32: ['cmd', '/c', 'start', '', address],
  }[process.platform as string] ?? ['xdg-open', address];
  if (command !== undefined && reason !== 'no-display') spawnSync(command, args, { stdio: 'ignore' });
}

async function start(): Promise<void> {
  const from = userFolder(process.env, process.cwd());
  const { dataFolder, isDemo } = await chooseDataFolder({
    given: values.data,
    from,
    env: process.env,
    platform: process.platform,
    home: homedir(),
    demoPlants: join(root, '.genba-demo', 'plants'),
  });
  if (values.stop) {
    console.log(startWords.stopped(await stopAgent(dataFolder)));
    return;
  }
  await buildWindows();
  const settings = settingArguments(values, from);
  if (settings.length > 0) {
    // A running agent keeps its old settings until it starts anew.
    await stopAgent(dataFolder);
  }
  // From here rather than from the window: on Linux, Electron hands its open files and priority down to children.
  const isUp = isDemo || (await ensureAgent(program, dataFolder, settings)) !== null;
  const reason = await openInElectron(dataFolder, isDemo);
  if (reason !== null) await openInBrowser(reason, dataFolder);
  if (!isDemo && isUp) console.log(startWords.keepsRunning());
}

await start();
