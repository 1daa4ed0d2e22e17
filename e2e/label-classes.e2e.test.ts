import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';
import { PicturePlant, partPicture } from './picture-plant.ts';

const ACTION_DEADLINE_MS = 15_000;
const CLASSES = ['良品', 'キズ', '汚れ', ...Array.from({ length: 37 }, (_, place) => `不良 ${place + 1}`)];

describeIfAvailable('chromium', 'labelling with forty classes', () => {
  let browser: Browser;
  let plant: PicturePlant;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [browser, plant] = await Promise.all([startBrowser(), PicturePlant.start({ classes: CLASSES })]);
    for (let number = 0; number < 8; number++) await plant.add(`${number}.png`, await partPicture(number));
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    await page.goto(plant.page);
    await page.getByRole('link', { name: 'ラベル付け' }).click();
    await page.getByLabel('新しい画像のフォルダー').fill(plant.inbox);
    await page.keyboard.press('Enter');
    await page.getByLabel('お名前').fill('山田');
    await page.keyboard.press('Enter');
    await page.getByText('残り8枚・済み0枚').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.end();
  });

  const labelled = (className: string) => page.getByText(`：${className}（山田）`).waitFor();

  it('takes a digit, a letter or a part of the name, as it is typed', async () => {
    await page.keyboard.press('2');
    await labelled('キズ');
    await page.keyboard.press('a');
    await labelled('不良 7');
    await page.keyboard.press('y');
    await labelled('不良 31');
    await page.keyboard.press('/');
    // Digits and letters are text while a name is written.
    await page.keyboard.type('37');
    expect(await page.locator('.desk__classes').getByRole('button').allTextContents()).toEqual(['不良 37']);
    await page.keyboard.press('Enter');
    await labelled('不良 37');
    await page.keyboard.press('/');
    await page.keyboard.insertText('きず');
    await page.keyboard.press('Enter');
    await labelled('キズ');
    await page.keyboard.press('/');
    await page.keyboard.insertText('無い');
    await page.getByText('その名前のクラスはありません。').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('z');
    await page.getByText('残り4枚・済み4枚').waitFor();
    await labelled('不良 37');
  });

  it('shows them on every screen, with undo in sight', async () => {
    for (const language of ['en', 'ja'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.screenshot({ path: join(PICTURES, `label-classes-1024x600-${language}.png`) });
      await page.setViewportSize({ width: 1920, height: 1080 });
      await page.screenshot({ path: join(PICTURES, `label-classes-1920x1080-${language}.png`) });
      await page.setViewportSize({ width: 1024, height: 600 });
    }
    const undo = page.getByRole('button', { name: '取り消す' });
    const { y, height } = (await undo.boundingBox())!;
    expect(y + height).toBeLessThanOrEqual(600);
    expect(complaints).toEqual([]);
  });
});
