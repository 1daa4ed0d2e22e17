/**
 * How the desktop window starts and what it takes: `node bench/window.ts [MESSAGES]`; with GENBA_APP=packaged the
 * packaged program. Budget: useful paint in less than 1.5 s; no growth over a day of progress.
 *
 * Real Electron, on a display of its own where there is none, beside an agent that shows what it is told. Started five
 * times, with no driver at it until the window has long been there: the browser itself says when it painted the sentence
 * of the plant's state, counted from the start of the program. Once more with a driver for the memory: working sets of all its processes ten seconds later, and the page's heap after a collection, before
 * and after so many messages of progress.
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
import { type Display, openDisplay } from '../e2e/virtual-display.ts';
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

/** How long a start is left alone before it is asked how it went, milliseconds. */
const START_MS = 4_000;
const STATE = '学習中です';

/** One start of the program. @returns milliseconds until the state was painted */
async function startOnce(folder: string, display: Display): Promise<number> {
  const further = ['--attach', '--lang=ja', '--remote-debugging-port=0'];
  const { executable, args, env } = shellStart(folder, display, further);
  const startedAt = Date.now();
  const program = spawn(executable, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  program.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await delay(START_MS);
  const door = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
  if (door === undefined) throw new Error(`The program lets nobody ask: ${said}`);
  const browser = await chromium.connectOverCDP(door);
  const paintedAt = await statePaintedAt(browser.contexts()[0]!.pages()[0]!, STATE);
  const ended = new Promise((resolve) => program.once('exit', resolve));
  program.kill();
  await ended;
  await browser.close();
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
const folder = await mkdtemp(join(tmpdir(), 'genba-window-bench-'));
const agent = await FakeAgent.start(onlinePlant());
await agent.announce(folder);
const starts: number[] = [];
for (let start = 1; start <= STARTS; start++) starts.push(await startOnce(folder, display));
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
await rm(folder, { recursive: true, force: true, maxRetries: 5 });

console.log(machineLine());
console.table({
  'first start, ms': rounded(starts[0]!, 0),
  'median start, ms': rounded(median(starts), 0),
  'slowest start, ms': rounded(Math.max(...starts), 0),
});
console.table(memory);
console.log(
  JSON.stringify({
    machine: machine(),
    isPackaged: IS_PACKAGED,
    messages: MESSAGES,
    startsMs: starts.map((ms) => rounded(ms, 0)),
    ...memory,
  }),
);
