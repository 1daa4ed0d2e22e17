import type { LocalCommand, LocalQuery } from '@genba/shared/local-api/messages';
import type { ModelReport } from '@genba/shared/local-api/model';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { modelReport, modelSummary, regressionReport, TILE } from './fake-models.ts';
import { offlinePlant, onlinePlant, regressionPlant } from './fake-status.ts';
import { expectAccessible, expectUsableAnywhere, switchLanguage, takePicture } from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('chromium', 'the screen about models', () => {
  let browser: Browser;
  let page: Page;
  let agent: FakeAgent;
  let report: ModelReport;
  let asked: (LocalCommand | LocalQuery)[];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
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
    await page.context().close();
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
    await expectUsableAnywhere(page, 'model', (name) => takePicture(page, name, 'look'));
  });

  it('writes scores of numbers as numbers, here and on Today, also where they are below 0', async () => {
    report = regressionReport();
    agent.show(regressionPlant());
    await open();
    await page.getByText('決定係数（R²） 0.871').waitFor();
    const axis = page.locator('.recharts-wrapper');
    await axis.getByText('-0.5', { exact: true }).waitFor();
    await switchLanguage(page, 'en');
    await page.getByRole('heading', { name: 'How far off they are' }).waitFor();
    await page.getByText('Off by 0.42 on average').waitFor();
    await page.getByRole('link', { name: 'Today' }).click();
    await page.getByRole('heading', { name: 'Variation explained (R²), round by round' }).waitFor();
    await axis.getByText('-0.5', { exact: true }).waitFor();
    await page.getByText('This plant’s data: -0.31 after round 1, now 0.871 after round 3').waitFor();
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
