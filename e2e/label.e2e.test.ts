import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { expectAccessible, expectUsableAnywhere, PICTURES } from './page-checks.ts';
import { PicturePlant, partPicture } from './picture-plant.ts';
import { runProgram } from './run-program.ts';

const ACTION_DEADLINE_MS = 15_000;

/** The folder is listed with a twentieth of the agent's time: one second that a busy machine took are twenty until then. */
const NEXT_LOOK = { timeout: 60_000 };

describeIfAvailable('chromium', 'labelling with a real agent', () => {
  let browser: Browser;
  let plant: PicturePlant;
  let page: Page;
  const complaints: string[] = [];
  /** Labelled last by the first test. */
  let fourth = '';

  beforeAll(async () => {
    [browser, plant] = await Promise.all([startBrowser(), PicturePlant.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.end();
  });

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    await page.goto(plant.page);
    await page.getByRole('link', { name: 'ラベル付け' }).click();
  });
  afterEach(async () => {
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  const labels = async (): Promise<string[][]> => {
    const csv = join(plant.folder, 'labels.csv');
    await runProgram('agent', 'labels', '--data', plant.dataFolder, '--csv', csv, '--lang', 'ja');
    const rows = (await readFile(csv, 'utf8'))
      .replace(/^\uFEFF/, '')
      .trim()
      .split(/\r?\n/)
      .slice(1);
    return rows.map((row) => row.split(','));
  };
  const look = (name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`) });
  const shown = async () => {
    const image = page.locator('.desk__picture img:not([hidden])');
    await expect
      .poll(() => image.evaluate((each: HTMLImageElement) => each.complete && each.naturalWidth), {
        timeout: ACTION_DEADLINE_MS,
      })
      .toBe(64);
    return (await image.getAttribute('alt')) ?? '';
  };

  const named = async () => (await shown()).replace('新しい画像 ', '');
  const fileOf = (name: string) => name.replace('夜勤/', '');

  it('asks for the folder, then for a name, and labels by key from then on', async () => {
    await page.getByLabel('新しい画像のフォルダー').waitFor();
    await expectAccessible(page);
    await look('label-folder-ja');
    await page.getByLabel('新しい画像のフォルダー').fill(join(plant.folder, '学習データ'));
    await page.getByRole('button', { name: 'このフォルダーを使う' }).click();
    await page.getByText('互いの中に置けません').waitFor();
    for (let number = 0; number < 6; number++)
      await plant.add(`夜勤/部品 ${number}.png`, await partPicture(number));
    await page.getByLabel('新しい画像のフォルダー').fill(`"${plant.inbox}"`);
    await page.keyboard.press('Enter');
    await page.getByLabel('お名前').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: '始める' }).click();
    await page.getByText('お名前を入力してください。').waitFor();
    await page.getByLabel('お名前').fill('山田');
    await page.keyboard.press('Enter');
    await page.getByText('残り6枚・済み0枚').waitFor();
    // The most uncertain ones come first, whichever those are.
    const first = await named();
    expect(first).toMatch(/^夜勤\/部品 \d\.png$/);

    await page.keyboard.press('1');
    await page.getByText('残り5枚・済み1枚').waitFor();
    const second = await named();
    // As an input method types it.
    await page.evaluate(() =>
      window.dispatchEvent(new KeyboardEvent('keydown', { key: '２', bubbles: true })),
    );
    await page.getByText('残り4枚・済み2枚').waitFor();
    const third = await named();
    await page.keyboard.press('2');
    await page.keyboard.press('Control+z');
    await page.getByText(`${second}：キズ（山田）`).waitFor();
    expect(await named()).toBe(third);
    await page.keyboard.press('ArrowRight');
    fourth = await named();
    expect(new Set([first, second, third, fourth]).size).toBe(4);
    await page.getByRole('button', { name: '良品', exact: true }).click();
    await page.getByText('残り3枚・済み3枚').waitFor();
    await expect
      .poll(
        async () =>
          (await labels()).map(([name, className, who, , undone]) => [name, className, who, undone !== '']),
        { timeout: ACTION_DEADLINE_MS },
      )
      .toEqual([
        [fileOf(first), '良品', '山田', false],
        [fileOf(second), 'キズ', '山田', false],
        [fileOf(third), 'キズ', '山田', true],
        [fileOf(fourth), '良品', '山田', false],
      ]);
  });

  describe('once somebody labels', () => {
    beforeEach(async () => {
      await page.getByLabel('お名前').fill('佐藤');
      await page.getByRole('button', { name: '始める' }).click();
      await page.getByText(/^残り\d枚・済み3枚$/).waitFor();
      await shown();
    });

    it('can be used by everybody and on every screen', async () => {
      await expectUsableAnywhere(page, 'label', look);
    });

    it('leaves keys to whatever has the focus, and lets single keys be turned off', async () => {
      await page.getByLabel('キー操作').uncheck();
      await page.keyboard.press('1');
      await page.getByLabel('キー操作').check();
      // What another has labelled is theirs to take back.
      await page.getByText(/最後に付けたのは山田さんです/).waitFor();
      await page.keyboard.press('z');
      await page.keyboard.press('1');
      await page.getByText('残り2枚・済み4枚').waitFor();
      await page.keyboard.press('z');
      await page.getByText('残り3枚・済み3枚').waitFor();
      await page.getByRole('button', { name: '担当者を変更' }).click();
      await page.getByLabel('お名前').fill('山田');
      await page.keyboard.press('Enter');
      await page.getByText(`${fourth.replace('夜勤/', '')}：良品（山田）`).waitFor();
      await page.keyboard.press('z');
      await page.getByText('残り4枚・済み2枚').waitFor();
      await expect.poll(named, { timeout: ACTION_DEADLINE_MS }).toBe(fourth);
      await page.keyboard.press('1');
      await page.getByText(`${fourth}：良品（山田）`).waitFor();
    });

    it('says that a picture cannot be shown, and goes on', async () => {
      await plant.add('あ壊れ.png', Buffer.from('no picture'));
      await page.reload();
      // Only once it is in the queue.
      await page.getByText('残り4枚').waitFor(NEXT_LOOK);
      await shown();
      // Nobody can judge it: it comes last.
      await page.keyboard.press('ArrowLeft');
      await page.getByText('この画像は表示できません。').waitFor();
      await expectAccessible(page);
      await page.keyboard.press('ArrowRight');
      await page.locator('.desk__picture img:not([hidden])').waitFor();
      // The browser says itself that it got no picture, as often as it asks for it.
      await page.close();
      expect(complaints.splice(0).filter((complaint) => !complaint.includes('415'))).toEqual([]);
      await rm(join(plant.inbox, 'あ壊れ.png'));
      await plant.add('あ.png', await partPicture(50));
    }, 120_000);

    it('works without a network, and says that this is fine', async () => {
      await plant.cutOff();
      await page.getByText('ラベルはこのパソコンに保存され').waitFor();
      for (let left = 4; left > 0; left--) {
        await page.getByText(`残り${left}枚`).waitFor(NEXT_LOOK);
        await page.keyboard.press('1');
      }
      await page.getByText('すべてラベル済みです').waitFor();
      await page.getByText('7枚にラベルを付けました').waitFor();
      await expectAccessible(page);
      await look('label-all-done-ja');
      await page.getByRole('button', { name: '取り消す' }).click();
      await page.getByText('残り1枚・済み6枚').waitFor();
      await page.keyboard.press('2');
      await page.getByText('すべてラベル済みです').waitFor();
      await plant.add('夜勤/新着.png', await partPicture(77));
      await page.getByText('残り1枚・済み7枚').waitFor(NEXT_LOOK);
      expect(await shown()).toBe('新しい画像 夜勤/新着.png');
    }, 180_000);
  });
});
