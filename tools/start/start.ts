import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type TryOut, tryOutPaths } from '../../demo/try-out.ts';
import { stopAgent as askAgentToStop } from '../../main/agent/local-api/take-over.ts';
import { AGENT_LOG_FILE, type AgentProgram } from '../../main/desktop/agent-process.ts';
import { ensureAgent } from '../background-agent.ts';
import { buildWindows } from '../build-windows.ts';
import { downloadElectron, findElectron } from '../electron-binary.ts';
import { chooseDataFolder, type DataFolderChoice } from './data-folder-choice.ts';
import { isSetUp } from './set-up-plant.ts';
import { type AgentSetting, settingArguments, userFolder } from './start-settings.ts';
import { type BrowserReason, startWords } from './start-words.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
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

/** Where a try-out is kept. */
const tryOutFolder = resolve(process.env.GENBA_TRY_OUT || join(root, '.genba-try-out'));

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

/** Further arguments of Electron, for tests: as root it needs `--no-sandbox`, and a test looks in by a debugging port. */
const electronSwitches = process.env.GENBA_ELECTRON_SWITCHES?.split(' ') ?? [];

/** Seconds between two rounds of a try-out: people want to see something. */
const TRY_OUT_REST_SECONDS = 5;

/** Opens Electron and waits until its window is closed; says why that did not work, or null when it did. */
async function openInElectron({ dataFolder, kind }: DataFolderChoice): Promise<BrowserReason | null> {
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
  const args = [
    ...electronSwitches,
    root,
    `--data=${dataFolder}`,
    kind === 'demo' ? '--attach' : '--quit-when-closed',
    ...(kind === 'try-out' ? [`--choose-in=${tryOutPaths(tryOutFolder).data}`] : []),
    ...opened,
  ];
  const electron = spawn(binary, args, {
    stdio: 'inherit',
    env: { ...process.env, GENBA_NODE: process.execPath },
  });
  const code = await once(electron, 'exit').then(
    ([exitCode]) => exitCode,
    () => 1,
  );
  return code === 0 || Date.now() - startedAt > EARLY_END_MS ? null : 'did-not-start';
}

/** Opens the page in a browser; says whether there is one to open. */
async function openInBrowser(reason: BrowserReason, dataFolder: string): Promise<boolean> {
  const agent = await ensureAgent(program, dataFolder, []);
  if (agent === null) {
    console.error(startWords.noAgent(join(dataFolder, AGENT_LOG_FILE)));
    process.exitCode = 1;
    return false;
  }
  const address = `${agent.address}/#token=${agent.token}`;
  console.log(startWords.browser(reason, address));
  // Best effort: a server without a desktop has no opener, and the address is printed anyway.
  const [command, ...args] = {
    darwin: ['open', address],
    win32: ['cmd', '/c', 'start', '', address],
  }[process.platform as string] ?? ['xdg-open', address];
  if (command !== undefined && reason !== 'no-display') spawnSync(command, args, { stdio: 'ignore' });
  return true;
}

/** The aggregator to try out with; null where it does not start, which is said. */
async function startTryOut(): Promise<TryOut | null> {
  // Only now: the digits and the aggregator are not needed for a plant of one's own.
  const { TryOut } = await import('../../demo/try-out.ts');
  try {
    return await TryOut.start(tryOutFolder, (description) =>
      console.error(startWords.aggregatorEnded(description)),
    );
  } catch (thrown) {
    console.error(startWords.noAggregator(thrown instanceof Error ? thrown.message : String(thrown)));
    return null;
  }
}

/** Resolves when somebody presses Ctrl+C, or the program is asked to end. */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function openWindow(choice: DataFolderChoice, tryOut: TryOut | null): Promise<void> {
  const reason = await openInElectron(choice);
  if (reason === null || !(await openInBrowser(reason, choice.dataFolder)) || !tryOut?.isHost) return;
  // Nobody tells when a browser's page is closed.
  console.log(startWords.aggregatorRuns());
  await new Promise(() => undefined);
}

async function start(): Promise<void> {
  const from = userFolder(process.env, process.cwd());
  const settings = settingArguments(values, from);
  const choice = await chooseDataFolder({
    given: values.data,
    hasSettings: settings.length > 0,
    from,
    env: process.env,
    platform: process.platform,
    home: homedir(),
    demoPlants: join(root, '.genba-demo', 'plants'),
    tryOutPlant: tryOutPaths(tryOutFolder).plant,
    isSetUp,
  });
  const { dataFolder, kind } = choice;
  if (values.stop) {
    console.log(startWords.stopped(await stopAgent(dataFolder)));
    return;
  }
  await buildWindows(() => console.log(startWords.building()));
  if (settings.length > 0) {
    // A running agent keeps its old settings until it starts anew.
    await stopAgent(dataFolder);
  }
  const tryOut = kind === 'try-out' ? await startTryOut() : null;
  const rest = kind === 'try-out' ? ['--rest', String(TRY_OUT_REST_SECONDS)] : [];
  // From here rather than from the window: on Linux, Electron hands its open files and priority down to children.
  const isUp = kind === 'demo' || (await ensureAgent(program, dataFolder, [...settings, ...rest])) !== null;
  if (tryOut !== null && isUp && !(await isSetUp(dataFolder))) {
    console.log(startWords.invited(await tryOut.invite(), tryOutPaths(tryOutFolder).photos));
  }
  // Without a server of our own, a signal ends this program as it always does.
  await Promise.race([openWindow(choice, tryOut), ...(tryOut?.isHost ? [interruption()] : [])]);
  await tryOut?.stop();
  if (kind !== 'demo' && isUp) console.log(startWords.keepsRunning());
}

await start();
// A browser that nobody waits for any more, or Electron after a signal.
process.exit();
