/**
 * `npm run screenshots`: a plant from its invitation on, with a real aggregator and a real agent, and a picture of every
 * screen in both languages into docs/screenshots. The guides show these.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { writePhotos } from '../demo/inspection-photos.ts';
import { readMnist } from '../demo/mnist.ts';
import { buildWindows } from '../tools/build-windows.ts';
import { launchChromium } from './chromium-browser.ts';
import { PhotoPlant } from './photo-plant.ts';

const FOLDER = path.resolve(import.meta.dirname, '..', 'docs', 'screenshots');
/** Sides of the window, pixels of a usual PC's screen scaled as Windows does. */
const WINDOW = { width: 1280, height: 800 };
const DEADLINE_MS = 120_000;
const PLANT_NAME = '豊橋工場 第2ライン';
const LANGUAGES = { en: 'English', ja: '日本語' } as const;

/** Japanese is what the script reads by; so it comes last. */
async function take(page: Page, name: string): Promise<void> {
  for (const [language, label] of Object.entries(LANGUAGES)) {
    await page.getByText(label, { exact: true }).first().click();
    await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
    // Messages in passing, and curves that are still being drawn.
    await page.waitForTimeout(1_500);
    const picture = await page.screenshot({ animations: 'disabled' });
    await sharp(picture)
      .png({ palette: true, compressionLevel: 9 })
      .toFile(path.join(FOLDER, `${name}-${language}.png`));
    console.info(`${name}-${language}.png`);
  }
}

const open = (page: Page, screen: string) => page.getByRole('link', { name: screen, exact: true }).click();

async function firstRun(page: Page, plant: PhotoPlant): Promise<void> {
  await page.getByLabel('招待のリンク').waitFor();
  await take(page, 'first-run-join');
  await page.getByLabel('招待のリンク').fill(await plant.invite(PLANT_NAME));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '参加する' }).click();
  await page.getByLabel('学習データのフォルダーまたはファイル').fill(plant.photos);
  await page.keyboard.press('Enter');
  const start = page.getByRole('button', { name: 'このデータで学習を始める' });
  await start.waitFor();
  await take(page, 'first-run-data');
  await start.click();
  await page.locator('.recharts-line-curve').first().waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'このお知らせを閉じる' }).click();
}

async function label(page: Page, inbox: string): Promise<void> {
  await open(page, 'ラベル付け');
  await page.getByLabel('新しい画像のフォルダー').fill(inbox);
  await page.keyboard.press('Enter');
  await page.getByLabel('お名前').fill('山田');
  await page.keyboard.press('Enter');
  await page.locator('.desk__picture img:not([hidden])').waitFor();
  await page.keyboard.press('1');
  await take(page, 'label');
}

async function judge(page: Page, photo: string): Promise<void> {
  await open(page, '判定');
  await page.locator('input[type="file"]').setInputFiles(photo);
  await page.locator('.verdict__word').waitFor();
  await take(page, 'judge');
}

async function watch(page: Page, folder: string): Promise<void> {
  await page.getByRole('tab', { name: '監視' }).click();
  await page.getByLabel('監視する場所').fill(folder);
  await page.keyboard.press('Enter');
  await page.locator('.verdict__word').waitFor();
  await page.getByRole('button', { name: 'このお知らせを閉じる' }).click();
  await take(page, 'watch');
}

await buildWindows();
await mkdir(FOLDER, { recursive: true });
const browser = await launchChromium();
const plant = await PhotoPlant.start([
  { name: 'OK', digit: 1, count: 180 },
  { name: 'NG', digit: 0, count: 32 },
]);
try {
  const context = await browser.newContext({ locale: 'ja-JP', viewport: WINDOW });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  await page.goto(plant.windowAddress);
  await firstRun(page, plant);
  await take(page, 'today');
  const inbox = path.join(plant.folder, 'カメラ 1');
  await writePhotos(inbox, readMnist('test'), [
    { name: '朝', digit: 7, count: 8 },
    { name: '昼', digit: 6, count: 8 },
  ]);
  await label(page, inbox);
  await judge(page, path.join(inbox, '昼', '写真 2.png'));
  await watch(page, path.join(inbox, '朝'));
  await open(page, 'モデル');
  await page.locator('.recharts-line-curve').first().waitFor({ state: 'attached' });
  await take(page, 'model');
  await open(page, '通信');
  await take(page, 'network');
  await open(page, '設定');
  await take(page, 'settings');
  await plant.cut();
  await open(page, '今日');
  await page.getByText('オフラインで作業中です').waitFor();
  await take(page, 'today-offline');
} finally {
  await browser.close();
  await plant.end();
}
