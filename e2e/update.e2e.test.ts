import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findAgent } from '../main/agent/local-api/find-agent.ts';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES } from './page-checks.ts';
import { PROGRAMS, Program } from './program.ts';
import { endOf, quit, UpdatingPlant, windowOn } from './updating-plant.ts';
import { type Display, openDisplay } from './virtual-display.ts';

const DEADLINE_MS = 60_000;

describeIfAvailable('electron', 'an update of the program', () => {
  let display: Display;
  let plant: UpdatingPlant;
  let app: ElectronApplication | null;

  beforeEach(async () => {
    await buildWindows();
    display = await openDisplay();
    plant = await UpdatingPlant.start(display);
    app = null;
  }, DEADLINE_MS);

  afterEach(async () => {
    if (app !== null) await quit(app);
    await plant?.end();
    display?.close();
  }, DEADLINE_MS);

  /** Opens the window on its settings. */
  async function openSettings(language: 'ja' | 'en' = 'ja'): Promise<Page> {
    app = await plant.open(language);
    const page = await app.firstWindow();
    page.setDefaultTimeout(DEADLINE_MS / 2);
    await page.getByRole('navigation').waitFor();
    await page.getByRole('link', { name: language === 'ja' ? '設定' : 'Settings' }).click();
    return page;
  }
  const cardOf = (page: Page, name = '更新') => page.getByRole('region', { name }).last();

  it('is seen, fetched, said to be ready, and not installed by itself', { timeout: 120_000 }, async () => {
    const page = await openSettings();
    const card = cardOf(page);
    await card.getByRole('button', { name: '更新を確認' }).click();
    await card.getByText('新しい版はありません').waitFor();
    await plant.publish('0.2.0', plant.program('0.2.0'));
    await card.getByRole('button', { name: '更新を確認' }).click();
    await card.getByText('バージョン0.2.0の準備ができました。').waitFor();
    await card.getByText('バージョン0.2.0の変更点').click();
    // Plain text, whatever a release writes.
    await card.getByText('Judging is twice as fast').waitFor();
    expect(await card.locator('b').count()).toBe(0);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.screenshot({ path: `${PICTURES}/update-ready-ja.png`, fullPage: true });
    const fetched = path.join(plant.folder, 'cache', 'genba-updater', 'pending', 'Genba-0.2.0.AppImage');
    expect(readFileSync(fetched, 'utf8')).toBe(plant.program('0.2.0'));

    await page.getByRole('link', { name: '今日' }).click();
    await page.getByText('Genbaの新しい版（0.2.0）の準備ができました。').waitFor();
    await page.screenshot({ path: `${PICTURES}/update-hint-ja.png`, fullPage: true });
    await quit(app!);
    app = null;
    expect(readFileSync(plant.appImage, 'utf8')).toBe(plant.program('0.1.0'));
  });

  it('is fetched no further when a person stops it, and again when it is looked for', {
    timeout: 120_000,
  }, async () => {
    await new Program(PROGRAMS.agent).start(['--data', plant.dataFolder, '--download-limit', '1000']);
    await plant.publish('0.2.0', plant.program('0.2.0') + '#'.repeat(20e6));
    const page = await openSettings();
    const card = cardOf(page);
    for (let round = 0; round < 2; round++) {
      await card.getByRole('button', { name: '更新を確認' }).click();
      await card.getByText('バージョン0.2.0を取得しています').waitFor();
      await card.screenshot({ path: `${PICTURES}/update-fetching-ja.png` });
      await card.getByRole('button', { name: '取得をやめる' }).click();
      await card.getByText('バージョン0.2.0の取得をやめました').waitFor();
    }
    await expectAccessible(page);
    await card.screenshot({ path: `${PICTURES}/update-stopped-ja.png` });
    const pending = path.join(plant.folder, 'cache', 'genba-updater', 'pending');
    await expect.poll(() => existsSync(path.join(pending, 'Genba-0.2.0.AppImage'))).toBe(false);
  });

  it('is not taken where it is not the file that was announced, nor from another server', {
    timeout: 120_000,
  }, async () => {
    await plant.publish('0.2.0', plant.program('0.2.0'));
    const offered = path.join(plant.serverFolder, 'updates', 'Genba-0.2.0.AppImage');
    const whole = readFileSync(offered);
    writeFileSync(offered, Buffer.from(whole).fill('#', 20, 40));
    const page = await openSettings('en');
    const card = cardOf(page, 'Updates');
    await card.getByRole('button', { name: 'Look for updates' }).click();
    await card.getByText('updates/damaged').waitFor();
    await page.screenshot({ path: `${PICTURES}/update-damaged-en.png`, fullPage: true });
    const pending = path.join(plant.folder, 'cache', 'genba-updater', 'pending', 'Genba-0.2.0.AppImage');
    expect(existsSync(pending)).toBe(false);

    // Another authority behind the same address: nothing of what it offers is believed.
    writeFileSync(offered, whole);
    await plant.aggregator.end('SIGKILL');
    await plant.serve(path.join(plant.folder, '別のサーバー'));
    await card.getByRole('button', { name: 'Look for updates' }).click();
    await card.getByText('tls/untrusted').waitFor();
    expect(existsSync(pending)).toBe(false);

    await plant.aggregator.end('SIGKILL');
    await plant.serve(plant.serverFolder);
    await card.getByRole('button', { name: 'Look for updates' }).click();
    await card.getByText('Version 0.2.0 is ready.').waitFor();
    expect(readFileSync(pending)).toEqual(whole);
  });

  it('replaces the program when a person says so, and starts it and its agent anew', {
    timeout: 300_000,
  }, async () => {
    const program = plant.program('0.2.0');
    await plant.publish('0.2.0', program);
    const page = await openSettings();
    const before = (await findAgent(plant.dataFolder))!;
    const card = cardOf(page);
    await card.getByRole('button', { name: '更新を確認' }).click();
    const ended = endOf(app!);
    await card.getByRole('button', { name: '再起動して更新' }).click();
    await ended;
    app = null;
    expect(readFileSync(plant.appImage, 'utf8')).toBe(program);

    const { browser, page: next } = await vi.waitFor(() => windowOn(plant.dataFolder, DEADLINE_MS), {
      timeout: 2 * DEADLINE_MS,
      interval: 500,
    });
    await next.getByRole('navigation').waitFor();
    await next.getByRole('link', { name: '設定' }).click();
    await cardOf(next).getByText('0.2.0').waitFor();
    const after = (await findAgent(plant.dataFolder))!;
    expect(after.pid).not.toBe(before.pid);
    const journal = path.join(plant.dataFolder, 'window', 'updates.json');
    await expect
      .poll(() => JSON.parse(readFileSync(journal, 'utf8')) as object, { timeout: DEADLINE_MS })
      .toMatchObject({ trial: null, refused: [], wentBack: null });
    expect(existsSync(path.join(plant.dataFolder, 'window', 'update-kept'))).toBe(false);
    await browser.close();
    process.kill(pidOfLock(plant.dataFolder));
  });

  it('goes back to the version before where the new one ends at once, says so, and does not take it again', {
    timeout: 300_000,
  }, async () => {
    const earlier = plant.program('0.1.0');
    writeFileSync(plant.appImage, earlier, { mode: 0o755 });
    await plant.publish('0.2.0', `#!/bin/sh\necho start >> "${plant.folder}/starts"\nexit 1\n`);
    const page = await openSettings();
    const card = cardOf(page);
    await card.getByRole('button', { name: '更新を確認' }).click();
    const ended = endOf(app!);
    await card.getByRole('button', { name: '再起動して更新' }).click();
    await ended;
    app = null;
    expect(readFileSync(plant.appImage, 'utf8')).not.toBe(earlier);

    // Nobody does anything from here on.
    const { browser, page: again } = await vi.waitFor(() => windowOn(plant.dataFolder, DEADLINE_MS), {
      timeout: 150_000,
      interval: 1_000,
    });
    expect(readFileSync(plant.appImage, 'utf8')).toBe(earlier);
    expect(readFileSync(path.join(plant.folder, 'starts'), 'utf8')).toBe('start\n'.repeat(3));
    await again.getByText('バージョン0.2.0が起動しなかったため、0.1.0に戻しました').waitFor();
    await again.screenshot({ path: `${PICTURES}/update-went-back-ja.png`, fullPage: true });
    await expect.poll(() => findAgent(plant.dataFolder), { timeout: DEADLINE_MS }).not.toBeNull();
    await again.getByRole('button', { name: '確認しました' }).click();
    await again.getByRole('link', { name: '設定' }).click();
    await cardOf(again).getByRole('button', { name: '更新を確認' }).click();
    await cardOf(again).getByText('新しい版はありません').waitFor();
    await plant.publish('0.3.0', plant.program('0.3.0'));
    await cardOf(again).getByRole('button', { name: '更新を確認' }).click();
    await cardOf(again).getByText('バージョン0.3.0の準備ができました。').waitFor();
    await browser.close();
    process.kill(pidOfLock(plant.dataFolder));
  });

  it('goes back by itself at the fourth start, where no guard was left to do it', {
    timeout: 120_000,
  }, async () => {
    const windowFolder = path.join(plant.dataFolder, 'window');
    const kept = path.join(windowFolder, 'update-kept', 'Genba.AppImage');
    mkdirSync(path.dirname(kept), { recursive: true });
    const earlier = `#!/bin/sh\necho "$GENBA_DATA" > "${plant.folder}/back"\n`;
    writeFileSync(kept, earlier, { mode: 0o755 });
    const trial = {
      ...{ version: '0.1.0', from: '0.0.9', starts: 3, process: null, startedAt: null, isLeftAlone: true },
      ...{ installation: 'appimage', program: plant.appImage, earlierProgram: plant.appImage },
      ...{ keptProgram: kept, keptDatabase: null },
    };
    const journal = path.join(windowFolder, 'updates.json');
    writeFileSync(journal, JSON.stringify({ trial, refused: [], wentBack: null }));
    await plant.run();
    await expect
      .poll(() => existsSync(path.join(plant.folder, 'back')), { timeout: DEADLINE_MS / 4 })
      .toBe(true);
    expect(readFileSync(path.join(plant.folder, 'back'), 'utf8').trim()).toBe(plant.dataFolder);
    expect(readFileSync(plant.appImage, 'utf8')).toBe(earlier);
    expect(JSON.parse(readFileSync(journal, 'utf8'))).toMatchObject({
      trial: null,
      refused: ['0.1.0'],
      wentBack: { from: '0.1.0', to: '0.0.9' },
    });
  });

  it('only ends where the updater runs it once after it was put in place', { timeout: 60_000 }, async () => {
    await plant.run({ APPIMAGE_EXIT_AFTER_INSTALL: 'true' });
    expect(await findAgent(plant.dataFolder)).toBeNull();
  });
});

/** The process that has the window's lock (Chromium's own). */
function pidOfLock(dataFolder: string): number {
  const lock = path.join(dataFolder, 'window', 'SingletonLock');
  return Number(/-(\d+)$/.exec(readlinkSync(lock))![1]);
}
