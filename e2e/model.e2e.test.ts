import { join } from 'node:path';
import type { LocalCommand, LocalQuery } from '@genba/shared/local-api/messages';
import type { ModelReport } from '@genba/shared/local-api/model';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { launchChromium } from './chromium-browser.ts';
import { FakeAgent } from './fake-agent.ts';
import { modelReport, modelSummary, TILE } from './fake-models.ts';
import { offlinePlant, onlinePlant } from './fake-status.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  PICTURES,
  switchLanguage,
  takePicture,
} from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('chromium', 'the screen about models', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let agent: FakeAgent;
  let report: ModelReport;
  let asked: (LocalCommand | LocalQuery)[];
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildWindows();
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext({ locale: 'ja-JP', viewport: { width: 1024, height: 600 } });
    page = await context.newPage();
    page.setDefaultTimeout(ACTION_DEADLINE_MS);
    complaints.length = 0;
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    agent = await FakeAgent.start(onlinePlant());
    report = modelReport();
    asked = [];
    agent.answer = (request) => {
      const { id } = request;
      if ('query' in request && request.query === 'model') return { type: 'model', id, report };
      if ('query' in request && request.query === 'mistaken-pictures') {
        asked.push(request);
        const pictures = [
          { path: '/data/4/部品 12.png', thumbnail: TILE },
          { path: '/data/4/大きい.png', thumbnail: null },
        ];
        return { type: 'mistaken-pictures', id, pictures };
      }
      if ('command' in request && request.command.endsWith('-model')) {
        asked.push(request);
        return { type: 'reply', id, error: agent.refusal };
      }
      return null;
    };
  });
  afterEach(async () => {
    await context.close();
    await agent.stop();
    expect(complaints).toEqual([]);
  });

  const open = async () => {
    await page.goto(`${agent.address}/#token=${agent.token}`);
    await page.getByRole('link', { name: 'モデル' }).click();
    await page.getByRole('heading', { level: 1, name: 'モデル' }).waitFor();
  };

  it('says which model judges and why, how good all three are, and what was decided', async () => {
    await open();
    await page
      .getByText('いちばん新しいモデルは、この拠点のデータでの成績が悪いため見送っています。')
      .waitFor();
    await page
      .getByText('「合わせたもの」を見送り（使用中のモデルより悪い：93.1%、使用中は95.6%）')
      .waitFor();
    for (const language of ['en', 'ja'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await takePicture(page, `model-1280x1400-${language}`, 'look');
      await page.setViewportSize({ width: 3840, height: 2160 });
      await expectNoSidewaysScroll(page);
      await takePicture(page, `model-3840x2160-${language}`, 'look');
      await page.setViewportSize({ width: 1024, height: 600 });
      await expectNoSidewaysScroll(page);
      await page.screenshot({ path: join(PICTURES, `model-1024-${language}.png`), fullPage: true });
    }
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await expectNoSidewaysScroll(page);
  });

  it('shows the pictures of a mistake, of whichever model', async () => {
    await open();
    await page.getByRole('button', { name: '画像を見る：4を9と判定：5件' }).click();
    await page.getByText('部品 12.png').waitFor();
    await page.getByText('表示できません').waitFor();
    await expectAccessible(page);
    await page.getByText('自拠点', { exact: true }).last().click();
    await page.getByRole('button', { name: '画像を見る：4を9と判定：6件' }).click();
    await page.getByText('部品 12.png').waitFor();
    expect(asked).toMatchObject([
      { of: { model: 'together', actual: 4, judgedAs: 9 } },
      { of: { model: 'own', actual: 4, judgedAs: 9 } },
    ]);
    await page.getByText('共有', { exact: true }).last().click();
    await page.getByText('評価用のデータでは、取り違えはありません。').waitFor();
  });

  it('lets a person decide, by name, and take it back', async () => {
    await open();
    await page.getByRole('button', { name: 'ほかのモデルを選ぶ' }).click();
    expect(await page.getByRole('radio', { name: '自動' }).isChecked()).toBe(true);
    // Its weights are gone.
    expect(await page.getByRole('radio', { name: '共有（94.0%）' }).isDisabled()).toBe(true);
    await page.getByRole('radio', { name: '自拠点（91.0%）' }).check();
    await expectAccessible(page);
    await page.screenshot({ path: join(PICTURES, 'model-choice-ja.png'), fullPage: true });
    await page.getByRole('button', { name: 'このモデルを使う' }).click();
    await page.getByText('お名前を入力してください。').waitFor();
    await page.getByLabel('お名前').fill('佐藤');
    agent.refusal = 'local/not-running';
    await page.getByRole('button', { name: 'このモデルを使う' }).click();
    await page.getByRole('alert').filter({ hasText: 'できませんでした' }).waitFor();
    agent.refusal = null;
    await page.getByRole('button', { name: 'このモデルを使う' }).click();
    await page.getByText('変更しました。').waitFor();
    const chosen = { ...modelSummary().inUse, model: 'own' } as const;
    report = modelReport(modelSummary({ chosenBy: '佐藤', inUse: chosen, isHoldingBack: false }));
    agent.show({ ...onlinePlant(), model: report.summary });
    await page.getByText('佐藤さんが選びました。').waitFor();
    await page.getByRole('button', { name: '元に戻す' }).click();
    await expect.poll(() => asked.length).toBe(3);
    expect(asked.slice(1)).toMatchObject([
      { command: 'use-model', model: 'own', by: '佐藤' },
      { command: 'automatic-model', by: '佐藤' },
    ]);
  });

  it('says that nothing was compared yet, that it is offline, and that no answer came', async () => {
    report = { ...modelReport(null), models: [], comparisons: [], decisions: [] };
    await open();
    await page.getByText('学習の合間にモデルを比べます。').waitFor();
    await expectAccessible(page);
    report = modelReport();
    agent.show({ ...offlinePlant(), model: report.summary });
    await page.getByText('表示しているのはこのパソコンで測った成績です。').waitFor();
    await page.getByRole('link', { name: '今日' }).click();
    agent.answer = () => null;
    await page.getByRole('link', { name: 'モデル' }).click();
    await page.getByRole('alert').getByRole('button', { name: 'もう一度' }).waitFor();
    await expectAccessible(page);
  });
});
