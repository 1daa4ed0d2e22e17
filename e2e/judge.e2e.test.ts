import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  expectUsableAnywhere,
  PICTURES,
  switchLanguage,
} from './page-checks.ts';
import { PicturePlant, partPicture } from './picture-plant.ts';
import { runProgram } from './run-program.ts';

const ACTION_DEADLINE_MS = 30_000;
/** What is read from two metres away, pixels. */
const LEAST_WORD_PX = 120;
const PARTS = 130;
/** So many are not judged before somebody can press a button. */
const MANY = 3_000;

describeIfAvailable('chromium', 'judging with a real agent', () => {
  let browser: Browser;
  let plant: PicturePlant;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [browser, plant] = await Promise.all([startBrowser(), PicturePlant.start()]);
    for (let number = 0; number < PARTS; number++)
      await plant.add(`部品 ${number}.png`, await partPicture(number));
    await plant.add('壊れ.png', Buffer.from('no picture'));
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.end();
  });

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    await page.goto(plant.page);
    await page.getByRole('link', { name: '判定' }).click();
    await page.getByText('ここに判定結果が出ます。').waitFor();
  });
  afterEach(async () => {
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  const look = (name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  /** What the command of the agent says of a picture. */
  const judgedByCommand = async (file: string): Promise<string> => {
    const { stdout } = await runProgram('agent', 'judge', file, '--data', plant.dataFolder, '--json');
    return (JSON.parse(stdout.split('\n')[0]!) as { verdict: { className: string } }).verdict.className;
  };
  const drop = async (name: string) => {
    const content = await readFile(join(plant.inbox, name));
    await page.locator('input[type="file"]').setInputFiles({ name, mimeType: 'image/png', buffer: content });
  };

  it('says of a dropped photo what the model says, large, in colour and in shape', async () => {
    await expectAccessible(page);
    await drop('部品 3.png');
    const said = page.getByRole('region', { name: '判定結果' });
    await said.getByText('部品 3.png').waitFor();
    const className = await judgedByCommand(join(plant.inbox, '部品 3.png'));
    const word = className === '良品' ? 'OK' : 'NG';
    expect(await said.locator('.verdict__word').textContent()).toBe(word);
    expect(await said.getAttribute('data-tone')).toBe(word === 'OK' ? 'good' : 'stopped');
    expect(await said.locator('.verdict__word .outcome-shape').isVisible()).toBe(true);
    expect(await said.locator('.verdict__more').textContent()).toContain(className);
    const size = await said.locator('.verdict__word').evaluate((each) => getComputedStyle(each).fontSize);
    expect(Number.parseFloat(size)).toBeGreaterThanOrEqual(LEAST_WORD_PX);
    expect(await said.getByRole('img', { name: '判定した画像 部品 3.png' }).isVisible()).toBe(true);
    await expectUsableAnywhere(page, 'judge', look);
  });

  it('judges a folder, lists all of it, saves it as a table, and takes back that it was emptied', async () => {
    await page.getByLabel('このパソコンにある写真またはフォルダーの場所').fill(plant.inbox);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `判定結果 ${PARTS + 1}件` }).waitFor();
    const list = page.getByRole('list', { name: '判定結果（新しい順）' });
    // Only what is in view is there at all.
    expect(await list.getByRole('listitem').count()).toBeLessThan(40);
    await list.getByRole('button').nth(2).click();
    const chosen = (await list.getByRole('button').nth(2).locator('.results__name').textContent())!;
    await page.getByRole('region', { name: '判定結果' }).getByText(chosen).waitFor();
    await expectAccessible(page);
    await look('judge-folder-ja');

    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: '表（CSV）に保存' }).click();
    const download = await saving;
    expect(download.suggestedFilename()).toBe('判定結果.csv');
    const table = await readFile(await download.path(), 'utf8');
    expect(table.startsWith('\uFEFF')).toBe(true);
    const rows = table.slice(1).trim().split('\r\n');
    expect(rows[0]).toBe('判定日時,ファイル,行,系列,結果,単位,確信度またはずれ,判定できない理由');
    expect(rows).toHaveLength(PARTS + 2);
    const className = await judgedByCommand(join(plant.inbox, '部品 7.png'));
    expect(rows.find((row) => row.includes(',部品 7.png,'))).toContain(`,${className},`);
    expect(rows.find((row) => row.includes(',壊れ.png,'))).toMatch(/,[^,]+$/);

    await page.getByRole('button', { name: '一覧を消す' }).click();
    await page.getByText('ここに判定結果が出ます。').waitFor();
    await page.getByRole('button', { name: '元に戻す' }).click();
    await page.getByRole('heading', { name: `判定結果 ${PARTS + 1}件` }).waitFor();
  });

  it('stops where somebody has seen enough, and keeps what was judged by then', async () => {
    const folder = join(plant.folder, '一年分');
    await mkdir(folder);
    const picture = await partPicture(1);
    for (let number = 0; number < MANY; number++) await writeFile(join(folder, `${number}.png`), picture);
    await page.getByLabel('このパソコンにある写真またはフォルダーの場所').fill(folder);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '判定を中止' }).click();
    await page.getByRole('button', { name: '判定を中止' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('alert').count()).toBe(0);
    const heading = page.getByRole('heading', { name: /^判定結果 / });
    const judged = (await heading.count()) === 0 ? '0' : (await heading.textContent())!.replace(/\D/g, '');
    expect(Number(judged)).toBeLessThan(MANY);
  });

  it('keeps its results while another screen is shown, and judges without a network', async () => {
    await drop('部品 1.png');
    await page.getByRole('heading', { name: '判定結果 1件' }).waitFor();
    await page.getByRole('link', { name: '今日' }).click();
    await page.getByRole('link', { name: '判定' }).click();
    await page.getByRole('heading', { name: '判定結果 1件' }).waitFor();
    await plant.cutOff();
    await page.getByText('このパソコンにあるモデルで判定します。').waitFor();
    await drop('部品 2.png');
    await page.getByRole('heading', { name: '判定結果 2件' }).waitFor();
  });

  it('is as strict as a person says, in words about a hundred parts, and takes that back', async () => {
    await page.getByText('判定の厳しさ').click();
    expect(await page.getByRole('checkbox', { name: '良品' }).isChecked()).toBe(true);
    await page.getByText('確率が最も高いクラスを判定結果とします。').waitFor();
    await page.getByLabel('不良と判定してよい良品の割合を決める').check();
    await page.getByText('良品100個のうち、誤って不良とするのは1個まで。').waitFor();
    await page.getByRole('slider', { name: '不良と判定してよい良品の数' }).press('ArrowRight');
    await page.getByText('良品100個のうち、誤って不良とするのは2個まで。').waitFor();
    await page.getByText(/検証用の良品\d+個・不良品\d+個で調べた結果です/).waitFor();
    for (const language of ['en', 'ja'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await look(`judge-strictness-${language}`);
    }
    const setting = async () => {
      const { stdout } = await runProgram('agent', 'reject-good', '--data', plant.dataFolder, '--json');
      return (JSON.parse(stdout) as { wish: { rejectGood: number | null } }).wish.rejectGood;
    };
    await page.getByRole('button', { name: 'この厳しさで判定する' }).click();
    await page.getByText('これからはこの厳しさで判定します。').waitFor();
    expect(await setting()).toBe(0.02);
    await page.getByRole('button', { name: '元に戻す' }).click();
    await expect.poll(setting, { timeout: ACTION_DEADLINE_MS }).toBeNull();
  }, 90_000);

  it('says what cannot be judged, and why', async () => {
    await drop('壊れ.png');
    await page.getByRole('region', { name: '判定結果' }).getByText('判定不可').waitFor();
    await expectAccessible(page);
    await look('judge-unjudged-ja');
    await page
      .locator('input[type="file"]')
      .setInputFiles({ name: '検査.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') });
    await page.getByText('ブラウザーではこのファイルの場所が分かりません。').waitFor();
  });
});
