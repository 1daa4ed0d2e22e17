import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type DemoStatus, demoStatusSchema } from '@genba/shared/local-api/demo-status';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoFigures } from '../demo/summary.ts';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { launchChromium } from './chromium-browser.ts';
import { launchWindow } from './electron-window.ts';
import { expectAccessible, switchLanguage, takePicture } from './page-checks.ts';
import { type Display, openDisplay } from './virtual-display.ts';

const DEMO = path.resolve(import.meta.dirname, '../demo/cli.ts');

/** What the demo promises without native TensorFlow on two cores. */
const DEMO_LIMIT_MS = 180_000;

/** The plant whose cable is pulled. */
const CUT_PLANT = '名古屋 Nagoya';

const folders: string[] = [];

function freshFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba-demo-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs the demo to its end and reads the figures from its last line. Fails unless it exits with 0. */
async function runOnce(): Promise<DemoFigures> {
  const args = [DEMO, '--once', '--json', '--folder', freshFolder(), '--backend', 'wasm'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: DEMO_LIMIT_MS });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as DemoFigures;
}

function expectProof(figures: DemoFigures): void {
  expect(figures.smallestGainPoints).toBeGreaterThanOrEqual(20);
  expect(figures).toMatchObject({ roundsLost: 0, updatesAppliedTwice: 0 });
  // One plant really was cut off and trained on; what waited went out squashed.
  const cut = figures.plants.find(({ name }) => name === CUT_PLANT)!;
  expect(cut.roundsWaitingPeak).toBeGreaterThanOrEqual(4);
  expect(cut.updatesDelivered).toBeLessThan(cut.rounds);
}

/** Of the run that nobody watches. */
let figures: DemoFigures | null = null;

describe('the demo', () => {
  it('ends by itself in three minutes on WebAssembly, with the benefit proved', {
    timeout: 2 * DEMO_LIMIT_MS,
  }, async () => {
    figures = await runOnce();
    expect(figures.backend).toBe('wasm');
    expectProof(figures);
  });
});

describeIfAvailable('electron', 'the demo in a window', () => {
  describeIfAvailable('chromium', 'and in the browser', () => {
    let display: Display;
    let app: ElectronApplication | null = null;
    let demo: ChildProcess | null = null;

    beforeAll(async () => {
      await buildWindows();
      display = await openDisplay();
    });
    afterEach(async () => {
      demo?.kill('SIGKILL');
      await app?.close();
      app = null;
    });
    afterAll(() => display.close());

    async function statusAt(address: string): Promise<DemoStatus> {
      return demoStatusSchema.parse(await (await fetch(new URL('/status', address))).json());
    }

    async function waitForPhase(address: string, phases: readonly DemoStatus['phase'][]): Promise<void> {
      await expect
        .poll(async () => phases.includes((await statusAt(address)).phase), {
          timeout: DEMO_LIMIT_MS,
          interval: 100,
        })
        .toBe(true);
    }

    async function takeBothLanguages(page: Page, name: string): Promise<void> {
      for (const language of ['ja', 'en'] as const) {
        await switchLanguage(page, language);
        await expectAccessible(page);
        await takePicture(page, `${name}-${language}`);
      }
    }

    it('shows a real plant through a real cut, and the result, within one point of that of the run before', {
      timeout: 2 * DEMO_LIMIT_MS,
    }, async () => {
      const folder = freshFolder();
      // Slow enough for people, and for pictures, to see what happens.
      const args = [DEMO, '--folder', folder, '--backend', 'wasm', '--rest', '500', '--lang', 'en'];
      demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(demo, 'exit');
      const [line] = (await once(createInterface({ input: demo.stdout! }), 'line')) as [string];
      const address = /http:\/\/\S+/.exec(line)![0];

      await waitForPhase(address, ['training']);
      app = await launchWindow(path.join(folder, 'plants', CUT_PLANT), display, 'ja');
      const window = await app.firstWindow();
      await window.getByText(CUT_PLANT, { exact: true }).waitFor();
      await window.getByText('オフラインで作業中です').waitFor({ timeout: DEMO_LIMIT_MS });
      await takeBothLanguages(window, 'window');
      await waitForPhase(address, ['healed', 'finishing', 'comparing', 'done']);
      await window
        .getByText(/Online|All sent|Everything sent/)
        .first()
        .waitFor();

      await waitForPhase(address, ['done']);
      const { globalAccuracy, plants } = await statusAt(address);
      expect(Math.abs(globalAccuracy! - figures!.federatedAccuracy) * 100).toBeLessThanOrEqual(1);
      // Alone there is no chance in it at all.
      expect(plants.map(({ localOnlyAccuracy }) => localOnlyAccuracy)).toEqual(
        figures!.plants.map(({ localOnlyAccuracy }) => localOnlyAccuracy),
      );
      const browser = await launchChromium();
      try {
        const page = await browser.newPage({ locale: 'ja-JP', viewport: { width: 1280, height: 1010 } });
        await page.goto(address);
        await page.getByText('完了しました').first().waitFor();
        await takeBothLanguages(page, 'demo');
        await page.getByRole('link', { name: 'Open' }).first().click();
        await page.getByRole('heading', { level: 1 }).waitFor();
      } finally {
        await browser.close();
      }
      await app.close();
      app = null;
      demo.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    });
  });
});
