/**
 * Whether the window stays smooth while pictures are labelled: `node bench/label-frames.ts [PICTURES] [LABELS]`.
 * Budget: no frame longer than 50 ms.
 *
 * A real aggregator, a real agent with a folder of so many small photos, and its page in a Chromium with a window, on a
 * display of its own where there is none. Keys go in through the browser's own input, as fast as the pictures are there
 * and no faster than 25 a second; one label in twenty is taken back. Counted is the time between two frames, from the
 * first label to the last. Beside it, by which the page's frames and the machine's can be told apart: the same page,
 * untouched, over some seconds; an empty page in a browser of its own, over the very time of the labelling; and what the
 * page's own thread did in that time, of its own and waiting for a processor.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTask } from '@genba/shared/model/task';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { launchChromium } from '../e2e/chromium-browser.ts';
import { nextPicture, openLabelling, type SeenFrames, watchFrames } from '../e2e/labelling-page.ts';
import { type Display, openDisplay } from '../e2e/virtual-display.ts';
import { readEndpoint } from '../main/agent/local-api/find-agent.ts';
import { buildWindows } from '../tools/build-windows.ts';
import { machine, machineLine, quantile, rounded } from './figures.ts';
import { watchWork } from './page-work.ts';
import { startPhotoServer } from './photo-server.ts';
import { PlantProcess } from './plant-process.ts';

const PICTURES = Number(process.argv[2] ?? 5000);
const LABELS = Math.min(PICTURES, Number(process.argv[3] ?? PICTURES));
const BUDGET_MS = 50;
/** Shortest time between two keys, milliseconds: several times what a person manages. */
const KEY_EVERY_MS = 40;
const UNDO_EVERY = 20;
const IDLE_MS = 5000;

const TASK = parseTask({
  id: 'label-frames',
  name: { en: 'Labelling', ja: 'ラベル付け' },
  input: { kind: 'image', width: 16, height: 16, channels: 3 },
  classes: ['良品', 'キズ', '汚れ'],
  training: { epochs: 1, batchSize: 8 },
  model: { template: 'mlp', hiddenUnits: [4] },
});

/** A Chromium with a window that is drawn whether or not another lies over it. */
function launchShown(display: Display): Promise<Browser> {
  return launchChromium({
    headless: false,
    env: { ...(process.env as Record<string, string>), ...(display.name ? { DISPLAY: display.name } : {}) },
    args: ['--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows'],
  });
}

/** Small photos, each with other bytes than all others. */
async function fillInbox(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const create = { width: 320, height: 240, channels: 3, background: 'grey', noise } as const;
  const kinds = await Promise.all(Array.from({ length: 20 }, () => sharp({ create }).jpeg().toBuffer()));
  for (let number = 0; number < PICTURES; number++) {
    // What follows the end of a JPEG belongs to no picture.
    const content = Buffer.concat([kinds[number % kinds.length]!, Buffer.from(`${number}`)]);
    await writeFile(join(folder, `${String(number).padStart(6, '0')}.jpg`), content);
  }
}

async function labelAll(page: Page): Promise<{ labels: number; undone: number; tookMs: number }> {
  let shown = await nextPicture(page, '');
  let undone = 0;
  const startedAt = performance.now();
  for (let label = 1; label <= LABELS; label++) {
    const pressedAt = performance.now();
    await page.keyboard.press(`${1 + (label % TASK.classes.length)}`);
    if (label === PICTURES) break;
    shown = await nextPicture(page, shown);
    if (label % UNDO_EVERY === 0) {
      await page.keyboard.press('z');
      shown = await nextPicture(page, shown);
      await page.keyboard.press('1');
      shown = await nextPicture(page, shown);
      undone++;
    }
    await delay(Math.max(0, KEY_EVERY_MS - (performance.now() - pressedAt)));
  }
  return { labels: LABELS, undone, tookMs: performance.now() - startedAt };
}

function summarise(what: string, { betweenMs: frames, longOfPage }: SeenFrames) {
  const long = frames.filter((frame) => frame > BUDGET_MS).length;
  return {
    what,
    frames: frames.length,
    longestMs: rounded(Math.max(...frames), 1),
    p99Ms: rounded(quantile(frames, 0.99), 1),
    medianMs: rounded(quantile(frames, 0.5), 1),
    longFrames: long,
    longPercent: rounded((100 * long) / frames.length, 3),
    longOfPage: longOfPage.length,
    longestScriptMs: rounded(Math.max(0, ...longOfPage.map(({ scriptMs }) => scriptMs)), 1),
  };
}

const root = await mkdtemp(join(tmpdir(), 'genba-bench-label-'));
const display = await openDisplay();
let plant: PlantProcess | null = null;
try {
  console.log(machineLine());
  await buildWindows();
  const inbox = join(root, 'カメラ');
  await fillInbox(inbox);
  const { aggregator, agentArgs } = await startPhotoServer(root, { task: TASK, photoCount: 60 });
  const dataFolder = join(root, 'plant');
  plant = PlantProcess.start(dataFolder, [...agentArgs, '--rounds', '0', '--inbox', inbox]);
  while (((await plant.status())?.base ?? null) === null) await delay(200);
  const { address, token } = (await readEndpoint(dataFolder))!;
  const [browser, otherBrowser] = await Promise.all([launchShown(display), launchShown(display)]);
  const page = await browser.newPage({ locale: 'ja-JP', viewport: { width: 1280, height: 800 } });
  // Nothing is ever drawn in it.
  const emptyPage = await otherBrowser.newPage({ viewport: { width: 320, height: 240 } });
  await page.goto(`${address}/#token=${token}`);
  await page.getByRole('navigation').waitFor();
  const openedAt = performance.now();
  await openLabelling(page, 'bench');
  await nextPicture(page, '');
  const firstPictureMs = rounded(performance.now() - openedAt, 0);
  const endIdle = await watchFrames(page);
  await delay(IDLE_MS);
  const idle = summarise('untouched', await endIdle());
  const endLabelling = await watchFrames(page);
  const endEmpty = await watchFrames(emptyPage);
  const endWork = await watchWork(browser, page, BUDGET_MS);
  const { labels, undone, tookMs } = await labelAll(page);
  const work = await endWork();
  const labelling = summarise('labelling', await endLabelling());
  const empty = summarise('an empty page meanwhile', await endEmpty());
  await Promise.all([browser.close(), otherBrowser.close()]);
  await aggregator.close();
  const rows = [idle, labelling, empty];
  console.table(rows);
  const perSecond = rounded((labels + 2 * undone) / (tookMs / 1000), 1);
  console.log(
    `${PICTURES} pictures, first one after ${firstPictureMs} ms; ${labels} labels, ${undone} taken back, ${perSecond} keys/s`,
  );
  const { longTasks, ownOfLongMs, longestOwnMs, ownMs } = work;
  console.log(
    `page: ${longTasks} tasks over ${BUDGET_MS} ms by the clock, at most ${rounded(ownOfLongMs, 1)} ms of it their own work; ` +
      `busiest task ${rounded(longestOwnMs, 1)} ms, ${rounded(ownMs / (labels + 2 * undone), 1)} ms per key`,
  );
  console.log(`budget ${BUDGET_MS} ms: ${labelling.longFrames === 0 ? 'kept' : 'missed'}`);
  const counts = { pictures: PICTURES, labels, undone, perSecond, firstPictureMs };
  console.log(
    JSON.stringify({ bench: 'label-frames', machine: machine(), budgetMs: BUDGET_MS, ...counts, work, rows }),
  );
} finally {
  await plant?.end('SIGKILL');
  display.close();
  await rm(root, { recursive: true, force: true });
}
