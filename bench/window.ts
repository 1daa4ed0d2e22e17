/**
 * How the desktop window starts and what it takes: `node bench/window.ts [MESSAGES]`; with GENBA_APP=packaged the
 * packaged program. Budget: useful paint in less than 1.5 s; no growth over a day of progress.
 *
 * Real Electron, on a display of its own where there is none. Started five times in each of four situations: beside an
 * agent that shows what it is told, on a folder that it knows and on a new one; and without one, so that the window has
 * to start it. No driver is at it until the window has long been there: the browser itself says when it painted the
 * sentence of the plant's state, counted from the start of the program. Once more with a driver for the memory: working
 * sets of all its processes ten seconds later, and the page's heap after a collection, before and after so many messages
 * of progress.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type ElectronApplication, type Page } from 'playwright-core';
import { IS_PACKAGED, launchWindow, shellStart } from '../e2e/electron-window.ts';
import { FakeAgent } from '../e2e/fake-agent.ts';
import { onlinePlant } from '../e2e/fake-status.ts';
import { statePaintedAt } from '../e2e/state-paint.ts';
import { openDisplay } from '../e2e/virtual-display.ts';
import { stopAgent } from '../main/agent/local-api/take-over.ts';
import { buildWindows } from '../tools/build-windows.ts';
import { machine, machineLine, median, rounded } from './figures.ts';

const MESSAGES = Number(process.argv[2] ?? 10_000);
const STARTS = 5;
const SETTLE_MS = 10_000;
/** The first messages fill caches that stay. */
const WARM_UP = 1_000;
/** Run in the page. */
const NEXT_FRAME = 'new Promise((resolve) => requestAnimationFrame(() => resolve(null)))';
const MEBIBYTE = 1024 * 1024;
const STATE = '学習中です';
const UNCONFIGURED = 'まだ設定されていません';

/** How long a start is left alone before it is asked how it went, milliseconds; longer where an agent has to start, too. */
const START_MS = 5_000;
const START_WITH_AGENT_MS = 10_000;
const STOP_MS = 20_000;

/** How a window is found when it is started. */
interface Situation {
  readonly what: string;
  /** An agent is at work, as it is after the PC has started; or the window has to start it. */
  readonly hasAgent: boolean;
  /** Nobody has opened a window on that folder before; where no agent is at work, there is no database either. */
  readonly isNew: boolean;
  /** Part of the sentence that is then the first of use to anybody. */
  readonly state: string;
}

const SITUATIONS: readonly Situation[] = [
  { what: 'agent at work', hasAgent: true, isNew: false, state: STATE },
  { what: 'agent at work, first window on its folder', hasAgent: true, isNew: true, state: STATE },
  { what: 'agent to be started', hasAgent: false, isNew: false, state: UNCONFIGURED },
  { what: 'agent to be started, nothing there', hasAgent: false, isNew: true, state: UNCONFIGURED },
];

/** Starts the program so many times. @returns milliseconds until the sentence was painted, of each start */
async function startAll({ hasAgent, isNew, state }: Situation): Promise<number[]> {
  const starts: number[] = [];
  const newFolder = () => mkdtemp(join(root, 'plant '));
  const known = await newFolder();
  if (!isNew) await startOnce(known, { hasAgent, state });
  for (let start = 1; start <= STARTS; start++)
    starts.push(await startOnce(isNew ? await newFolder() : known, { hasAgent, state }));
  return starts;
}

/** One start of the program. @returns milliseconds until the state was painted */
async function startOnce(
  folder: string,
  { hasAgent, state }: Pick<Situation, 'hasAgent' | 'state'>,
): Promise<number> {
  if (hasAgent) await agent.announce(folder);
  const further = [...(hasAgent ? ['--attach'] : []), '--lang=ja', '--remote-debugging-port=0'];
  const { executable, args, env } = shellStart(folder, display, further);
  const startedAt = Date.now();
  // A packaged program sets itself up to start with the PC.
  const own = { ...env, XDG_CONFIG_HOME: join(root, 'config') };
  const program = spawn(executable, args, { env: own, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  program.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await delay(hasAgent ? START_MS : START_WITH_AGENT_MS);
  const door = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
  if (door === undefined) throw new Error(`The program lets nobody ask: ${said}`);
  const browser = await chromium.connectOverCDP(door);
  const paintedAt = await statePaintedAt(browser.contexts()[0]!.pages()[0]!, state);
  const ended = new Promise((resolve) => program.once('exit', resolve));
  program.kill();
  await ended;
  await browser.close();
  if (!hasAgent) await stopAgent({ dataFolder: folder, waitMs: STOP_MS, isForced: true });
  if (paintedAt === null) throw new Error('The state was not painted.');
  return paintedAt - startedAt;
}

/** Waits for the frame in which the state of the plant stands. */
async function usefulPaint(page: Page): Promise<void> {
  await page.getByText(STATE).first().waitFor();
  for (let frame = 0; frame < 2; frame++) await page.evaluate(NEXT_FRAME);
}

async function workingSets(app: ElectronApplication): Promise<Record<string, number>> {
  const metrics = await app.evaluate(({ app: shell }) =>
    shell.getAppMetrics().map(({ type, memory }) => ({ type, kibibytes: memory.workingSetSize })),
  );
  const sums: Record<string, number> = {};
  for (const { type, kibibytes } of metrics) sums[type] = (sums[type] ?? 0) + kibibytes / 1024;
  return Object.fromEntries(Object.entries(sums).map(([type, mebibytes]) => [type, rounded(mebibytes, 0)]));
}

/** What the page's heap holds after a collection, MiB. */
async function heapMebibytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / MEBIBYTE;
}

/** Shows the progress of a round, message after message, no faster than the page draws. */
async function showProgress(agent: FakeAgent, page: Page, count: number): Promise<void> {
  const status = onlinePlant();
  for (let message = 1; message <= count; message++) {
    if (status.round !== null)
      agent.show({ ...status, round: { ...status.round, batch: message % status.round.batches } });
    if (message % 20 === 0) await page.evaluate(NEXT_FRAME);
  }
}

await buildWindows();
const display = await openDisplay();
const root = await mkdtemp(join(tmpdir(), 'genba-window-bench-'));
const agent = await FakeAgent.start(onlinePlant());
const starts: { what: string; ms: readonly number[] }[] = [];
for (const situation of SITUATIONS) starts.push({ what: situation.what, ms: await startAll(situation) });
const folder = await mkdtemp(join(root, 'memory '));
await agent.announce(folder);
const app = await launchWindow(folder, display, 'ja');
const page = await app.firstWindow();
await usefulPaint(page);
await delay(SETTLE_MS);
const idle = await workingSets(app);
await showProgress(agent, page, WARM_UP);
const before = await heapMebibytes(page);
await showProgress(agent, page, MESSAGES);
const after = await heapMebibytes(page);
const memory = {
  idleWorkingSetMiB: idle,
  afterWorkingSetMiB: await workingSets(app),
  heapBeforeMiB: rounded(before),
  heapAfterMiB: rounded(after),
  heapGrowthMiB: rounded(after - before),
};
await app.close();
await agent.stop();
display.close();
await rm(root, { recursive: true, force: true, maxRetries: 5 });

console.log(machineLine());
console.table(
  starts.map(({ what, ms }) => ({
    'start to the state, ms': what,
    median: rounded(median(ms), 0),
    fastest: rounded(Math.min(...ms), 0),
    slowest: rounded(Math.max(...ms), 0),
  })),
);
console.table(memory);
console.log(
  JSON.stringify({
    machine: machine(),
    isPackaged: IS_PACKAGED,
    messages: MESSAGES,
    starts: starts.map(({ what, ms }) => ({ what, ms: ms.map((each) => rounded(each, 0)) })),
    ...memory,
  }),
);
