import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { encodeQR } from 'qr';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { dropOnto } from './dropped-folder.ts';
import { FakeAgent } from './fake-agent.ts';
import { freshPlant, LOOK } from './fresh-plant.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';
import { PhotoPlant } from './photo-plant.ts';

const ACTION_DEADLINE_MS = 20_000;
const ROUND_DEADLINE_MS = 90_000;
const PLANT_NAME = '豊橋工場 第2ライン';
const LINK = `genba://enrol?v=1&server=${encodeURIComponent('wss://genba.example.co.jp:8600')}&certificate=${'ab'.repeat(32)}&code=0123456789ABCDEFGHJKMNPQRSTVWXYZ&task=caps&plant=Toyohashi&expires=2099-11-30T00%3A00%3A00.000Z`;

const toFullWidth = (text: string) =>
  text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

describeIfAvailable('chromium', 'the first run', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  describeIfAvailable('chromium', 'with an agent that is told what to say', () => {
    let agent: FakeAgent;
    beforeEach(async () => {
      agent = await FakeAgent.start(freshPlant());
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await page.getByLabel('招待のリンク').waitFor();
    });
    afterEach(() => agent.stop());

    const hand = async (link: string) => {
      await page.getByLabel('招待のリンク').fill(link);
      await page.keyboard.press('Enter');
    };

    it('says what is wrong with a link, and takes one in full-width letters', async () => {
      await hand(LINK.slice(0, 120));
      await page.getByText('招待', { exact: false }).first().waitFor();
      expect(await page.getByLabel('招待のリンク').getAttribute('aria-invalid')).toBe('true');
      await expectAccessible(page);
      await hand(`「${toFullWidth(LINK)}」`);
      await page.getByText('wss://genba.example.co.jp:8600').waitFor();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('参加する');
      await page.getByRole('button', { name: '別の招待にする' }).click();
      await page.getByLabel('招待のリンク').waitFor();
    });

    it('reads a picture of the QR code, and says when there is none', async () => {
      const files = page.locator('input[type=file]');
      const picture = Buffer.from(encodeQR(LINK, 'gif', { scale: 4 }));
      await files.setInputFiles({ name: '招待.gif', mimeType: 'image/gif', buffer: picture });
      await page.getByText('wss://genba.example.co.jp:8600').waitFor();
      await page.getByRole('button', { name: '別の招待にする' }).click();
      const blank = Buffer.from(encodeQR('x', 'gif', { scale: 1 })).subarray(0, 40);
      await files.setInputFiles({ name: '空.gif', mimeType: 'image/gif', buffer: blank });
      await page.getByText('この写真からQRコードを読み取れません').waitFor();
      await expectAccessible(page);
    });

    it('tells why the aggregator did not take it in', async () => {
      agent.answer = (request) => ({ type: 'reply', id: request.id, error: 'enrolment/unreachable' });
      await hand(LINK);
      await page.getByRole('button', { name: '参加する' }).click();
      await page.getByRole('alert').filter({ hasText: '操作できませんでした' }).waitFor();
      expect(await page.getByRole('button', { name: '参加する' }).isEnabled()).toBe(true);
    });

    it('shows what is in the data before they are used, can be broken off, and gives a choice back', async () => {
      agent.show({ ...freshPlant(), security: 'enrolled', plantName: PLANT_NAME });
      await page.getByLabel('学習データのフォルダーまたはファイル').fill('写真');
      await page.getByRole('button', { name: '中身を確認' }).click();
      await page.getByText('ドライブ名から始まる').waitFor();
      // A browser tells nobody where a folder lies; it must not be left for what was dropped, either.
      const problem = page
        .getByRole('alert')
        .filter({ hasText: 'ブラウザーにはフォルダーの場所が分からない' });
      await dropOnto(page.locator('.drop'), [tmpdir()]);
      await problem.waitFor();
      await dropOnto(page.locator('.drop'), [tmpdir(), process.cwd()]);
      await page.getByText('1つずつドロップしてください').waitFor();

      let finish: (message: null) => void = () => undefined;
      agent.answer = (request) => {
        if ('command' in request) {
          finish(null);
          return { type: 'reply', id: request.id, error: null };
        }
        return new Promise((resolve) => {
          finish = () => resolve({ type: 'reply', id: request.id, error: 'dataset/cancelled' });
        });
      };
      await page.getByLabel('学習データのフォルダーまたはファイル').fill('"/srv/写真"');
      await page.keyboard.press('Enter');
      const since = new Date().toISOString();
      agent.show({
        ...freshPlant(),
        security: 'enrolled',
        plantName: PLANT_NAME,
        reading: { done: 120, total: 412, unit: 'files', since },
      });
      await page.getByText('412ファイル中 120ファイル').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: '中止' }).click();
      await page.getByRole('progressbar').waitFor({ state: 'detached' });
      expect(agent.commands).toEqual(['cancel-reading']);

      agent.answer = (request) =>
        'query' in request ? { type: 'preview', id: request.id, preview: LOOK } : null;
      await page.getByRole('button', { name: '中身を確認' }).click();
      await page.getByText('写真412枚：OK 380、NG 32').waitFor();
      for (const language of ['en', 'ja'] as const) {
        await switchLanguage(page, language);
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
      }
      await page.getByRole('button', { name: '別の招待を使う' }).click();
      await page.getByLabel('招待のリンク').waitFor();
      await page.getByRole('button', { name: 'データの選択に戻る' }).click();
      await page.getByLabel('学習データのフォルダーまたはファイル').waitFor();
    });
  });

  it('leads from the link to the first finished round, with nothing typed but link and folder', {
    timeout: 240_000,
  }, async () => {
    const plant = await PhotoPlant.start([
      { name: 'OK', digit: 1, count: 180 },
      { name: 'NG', digit: 0, count: 32 },
    ]);
    try {
      const link = await plant.invite(PLANT_NAME);
      await page.goto(plant.windowAddress);
      await page.getByLabel('招待のリンク').waitFor();
      const beganAt = Date.now();
      await page.screenshot({ path: path.join(PICTURES, 'first-run-join-ja.png') });
      await page.getByLabel('招待のリンク').fill(link);
      await page.keyboard.press('Enter');
      await page.getByText(PLANT_NAME).waitFor();
      await page.screenshot({ path: path.join(PICTURES, 'first-run-summary-ja.png') });
      await page.getByRole('button', { name: '参加する' }).click();
      await page.getByLabel('学習データのフォルダーまたはファイル').fill(plant.photos);
      await page.keyboard.press('Enter');
      await page.getByText('写真212枚：OK 180、NG 32').waitFor();
      await page.screenshot({ path: path.join(PICTURES, 'first-run-data-ja.png'), fullPage: true });
      await switchLanguage(page, 'en');
      await page.getByText('212 photos: 180 OK, 32 NG').waitFor();
      await page.screenshot({ path: path.join(PICTURES, 'first-run-data-en.png'), fullPage: true });
      await page.getByRole('button', { name: 'Start training on these data' }).click();
      await page.getByText('All set. The first round begins by itself.').waitFor();
      await page
        .locator('.recharts-line-curve')
        .first()
        .waitFor({ state: 'attached', timeout: ROUND_DEADLINE_MS });
      await writeFile(path.join(PICTURES, 'first-run-seconds.txt'), `${(Date.now() - beganAt) / 1000}\n`);
      await page.screenshot({ path: path.join(PICTURES, 'first-run-done-en.png') });

      // The network goes and comes back; the window says so in the language that was chosen meanwhile.
      await plant.cut();
      await page.getByText('Working offline').waitFor({ timeout: ROUND_DEADLINE_MS });
      await switchLanguage(page, 'ja');
      await page.getByText('オフラインで作業中です').waitFor();
      await plant.heal();
      await page.getByText(/^接続済みです/).waitFor({ timeout: ROUND_DEADLINE_MS });
      complaints.length = 0;
    } finally {
      // Or it would look for an agent that is gone.
      await page.goto('about:blank');
      await plant.end();
    }
  });
});
