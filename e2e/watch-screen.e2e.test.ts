import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { LogPlant, logRows, SPINDLE } from './log-plant.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  expectUsableAnywhere,
  PICTURES,
  switchLanguage,
} from './page-checks.ts';
import { PicturePlant, partPicture } from './picture-plant.ts';

const ACTION_DEADLINE_MS = 30_000;
/** What is read from two metres away, pixels. */
const LEAST_WORD_PX = 120;

let browser: Browser;
let page: Page;
const complaints: string[] = [];

const look = (name: string) => page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });

async function open(address: string): Promise<void> {
  page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
  await page.goto(address);
  await page.getByRole('link', { name: '判定' }).click();
  // By keyboard, as everything here.
  await page.getByRole('tab', { name: '選んで判定' }).press('ArrowRight');
  await expect.poll(() => page.getByRole('tab', { name: '監視' }).getAttribute('aria-selected')).toBe('true');
}

/** Has something watched, by typing. */
async function watch(what: string): Promise<void> {
  await page.getByLabel('監視する場所').fill(what);
  await page.keyboard.press('Enter');
}

const newest = (name: string) => page.getByRole('region', { name: `最新の結果：${name}` });
const wordOf = (name: string) => newest(name).locator('.verdict__word');
const sizeOf = async (name: string) =>
  Number.parseFloat(await wordOf(name).evaluate((each) => getComputedStyle(each).fontSize));

describeIfAvailable('chromium', 'watching in the window', () => {
  beforeAll(async () => {
    await mkdir(PICTURES, { recursive: true });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  describeIfAvailable('chromium', 'a log that grows', () => {
    let plant: LogPlant;
    let log: string;
    let row = 0;
    const write = (rows: number, isBad: boolean) => {
      appendFileSync(
        log,
        logRows(row, row + rows, () => isBad),
      );
      row += rows;
    };

    beforeAll(async () => {
      plant = await LogPlant.start(SPINDLE);
      log = plant.begin('1号機.csv');
    });
    afterAll(() => plant?.end());
    beforeEach(() => open(plant.page));
    afterEach(async () => {
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it('begins with what to do, and refuses what cannot be watched, in words', async () => {
      await page.getByText('記録ファイル（CSV）かそのフォルダーを選ぶと').waitFor();
      await page.getByText('書き足されるCSVファイル、または').waitFor();
      for (const language of ['en', 'ja'] as const) {
        await switchLanguage(page, language);
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
        await look(`watch-empty-${language}`);
      }
      await watch('1号機.csv');
      await page.getByText('場所の全体を入力してください。').waitFor();
      await watch(path.join(plant.folder, '無いフォルダー'));
      await page.getByText('判定するファイルまたはフォルダーが見つからないか、開けません。').waitFor();
      await expectAccessible(page);
      await look('watch-refused-ja');
    });

    it('asks for tables where the task is about tables, and has nothing to label', async () => {
      await page.getByRole('tab', { name: '選んで判定' }).click();
      await page.getByLabel('このパソコンにあるCSVファイルまたはフォルダーの場所').waitFor();
      expect(await page.getByText('写真').count()).toBe(0);
      await look('judge-rows-ja');
      await page.getByRole('link', { name: 'ラベル付け' }).click();
      await page.getByText('このタスクには、ラベルを付ける画像がありません。').waitFor();
      await look('label-rows-ja');
    });

    it('shows each result as soon as it is there, to be read from two metres away', async () => {
      await page.getByLabel('監視する場所').fill(`"${log}"`);
      const results = path.join(plant.logs, '1号機 判定結果.csv');
      expect(await page.getByLabel('結果の表（CSV）').inputValue()).toBe(results);
      await page.keyboard.press('Enter');
      await page.getByText('1号機.csv に新しいものが届くのを待っています。').waitFor();
      await look('watch-waiting-ja');
      write(16, false);
      await newest('1号機.csv').getByText('OK', { exact: true }).waitFor();
      write(16, true);
      await newest('1号機.csv').getByText('NG', { exact: true }).waitFor();
      expect(await newest('1号機.csv').getAttribute('data-tone')).toBe('stopped');
      expect(await wordOf('1号機.csv').locator('.outcome-shape').isVisible()).toBe(true);
      expect(await sizeOf('1号機.csv')).toBeGreaterThanOrEqual(LEAST_WORD_PX);
      // The last row's values, as the machine wrote them.
      const last = readFileSync(log, 'latin1').trim().split('\r\n').at(-1)!.split(',');
      const values = await newest('1号機.csv').locator('dd').allTextContents();
      expect(values.map(Number)).toEqual(last.slice(0, 2).map((each) => Number(Number(each).toPrecision(4))));
      // 32 rows are seven windows; each of them is counted, and has a row in the table.
      const counts = page.getByRole('region', { name: '判定した数' });
      const counted = async () =>
        (await counts.locator('dd').allTextContents()).reduce((sum, each) => sum + Number(each), 0);
      await expect.poll(counted).toBe(7);
      expect(readFileSync(results, 'utf8').trim().split('\r\n')).toHaveLength(8);
      await page.getByText(`結果の表：${results}（7行）`).waitFor();
      await expectUsableAnywhere(page, 'watch-log', look);
    });

    it('fills the window, goes on there, and comes back by keyboard', async () => {
      await newest('1号機.csv').waitFor();
      await page.getByRole('button', { name: '画面いっぱいに表示' }).press('Enter');
      const full = page.getByRole('dialog');
      await full.getByText('NG', { exact: true }).first().waitFor();
      const word = full.locator('.verdict__word');
      const size = await word.evaluate((each) => Number.parseFloat(getComputedStyle(each).fontSize));
      expect(size).toBeGreaterThan(LEAST_WORD_PX * 1.5);
      await expectAccessible(page);
      await page.screenshot({ path: path.join(PICTURES, 'watch-full-1024x600-ja.png') });
      await page.setViewportSize({ width: 1920, height: 1080 });
      await page.screenshot({ path: path.join(PICTURES, 'watch-full-1920x1080-ja.png') });
      write(16, false);
      await full.locator('.verdict[data-tone="good"]').waitFor();
      await page.keyboard.press('Escape');
      await full.waitFor({ state: 'hidden' });
      // It is the way this window judges from now on.
      await page.reload();
      await newest('1号機.csv').waitFor();
    });

    it('goes on without the network, says when the log is gone, and when nobody answers', async () => {
      await plant.cutOff();
      await page.getByText('オフラインです。監視と判定は、').waitFor();
      renameSync(log, `${log}.old`);
      await page.getByText('判定するファイルまたはフォルダーが見つからないか、開けません。').waitFor();
      await expectAccessible(page);
      await look('watch-problem-ja');
      log = plant.begin('1号機.csv');
      write(16, true);
      await newest('1号機.csv').getByText('NG', { exact: true }).waitFor();
      await plant.killAgent();
      await page.getByText('表示は最後に受け取った結果のままです。').waitFor();
      await look('watch-cut-ja');
      await plant.startAgent();
      await page.goto('about:blank');
      // A browser that has lost its agent says so on its console, too.
      complaints.length = 0;
      await page.goto(plant.page);
      await page.getByRole('link', { name: '判定' }).click();
      await page.getByRole('tab', { name: '監視' }).click();
      await page.getByText('1号機.csv に新しいものが届くのを待っています。').waitFor();
      write(8, false);
      await newest('1号機.csv').getByText('OK', { exact: true }).waitFor();
    }, 120_000);

    it('may be one of several, and is stopped and taken up again', async () => {
      await page.getByText('監視を追加').click();
      await watch(plant.logs);
      await newest('1号機 ログ').waitFor();
      const list = page.getByRole('list', { name: '監視中の場所' });
      expect(await list.getByRole('listitem').count()).toBe(2);
      await expectAccessible(page);
      await look('watch-several-ja');
      await list.getByRole('button', { name: /1号機\.csv/ }).press('Enter');
      await page.getByText('1号機 判定結果.csv').first().waitFor();
      await page.getByRole('button', { name: '監視を止める' }).click();
      await expect.poll(() => list.count()).toBe(0);
      await page.getByRole('button', { name: '監視を続ける' }).click();
      await expect.poll(() => list.getByRole('listitem').count()).toBe(2);
    });
  });

  it('shows the picture that was judged', async () => {
    const plant = await PicturePlant.start();
    try {
      await open(plant.page);
      await watch(plant.inbox);
      await page.getByText('カメラ 1 に新しいものが届くのを待っています。').waitFor();
      await plant.add('夜勤/部品 7.png', await partPicture(7, 640));
      const picture = newest('カメラ 1').getByRole('img', { name: '判定した画像 夜勤/部品 7.png' });
      await picture.waitFor();
      await expect.poll(() => picture.evaluate((each) => (each as HTMLImageElement).naturalWidth)).toBe(640);
      expect(await sizeOf('カメラ 1')).toBeGreaterThanOrEqual(LEAST_WORD_PX);
      await expectAccessible(page);
      await look('watch-pictures-1024x600-ja');
      await page.getByRole('button', { name: '画面いっぱいに表示' }).click();
      await page.getByRole('dialog').locator('.verdict__word').waitFor();
      await page.screenshot({ path: path.join(PICTURES, 'watch-pictures-full-ja.png') });
      await page.keyboard.press('Escape');
      await plant.add('壊れ.png', Buffer.from('no picture'));
      // It may still be on its way for half a minute.
      await newest('カメラ 1').getByText('判定不可').waitFor({ timeout: 60_000 });
      expect(existsSync(`${plant.inbox} 判定結果.csv`)).toBe(true);
      expect(complaints).toEqual([]);
    } finally {
      await page?.context().close();
      await plant.end();
    }
  }, 120_000);
});
