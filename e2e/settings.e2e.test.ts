import type { AgentStatus, LocalCommand } from '@genba/shared/local-api/messages';
import type { MethodName, MethodReport } from '@genba/shared/local-api/methods';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { onlinePlant } from './fake-status.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

const METHODS: MethodReport = {
  requested: null,
  inUse: 'webgpu',
  isMeasuring: false,
  failed: [],
  survey: {
    subject: 'x',
    measuredAt: '2026-11-26T00:00:00.000Z',
    methods: [
      { name: 'tensorflow', device: null, examplesPerSecond: 2000, reason: null },
      { name: 'webgpu', device: 'Radeon 780M', examplesPerSecond: 28_000, reason: null },
      { name: 'wasm', device: null, examplesPerSecond: null, reason: 'WebAssembly cannot train this model.' },
    ],
  },
};

describeIfAvailable('chromium', 'the settings', () => {
  let browser: Browser;
  let page: Page;
  let agent: FakeAgent;
  let status: AgentStatus;
  let method: MethodName | null = null;
  const given: LocalCommand[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    given.length = 0;
    method = null;
    const disk = {
      level: 'enough',
      limit: 'quota',
      freeBytes: 80e9,
      usedBytes: 1.2e9,
      quotaBytes: 20e9,
      neededBytes: 0,
    } as const;
    status = { ...onlinePlant(), disk };
    agent = await FakeAgent.start(status);
    agent.answer = (request) => {
      if ('query' in request && request.query === 'methods')
        return { type: 'methods', id: request.id, report: { ...METHODS, requested: method } };
      if (!('command' in request)) return null;
      given.push(request);
      // As the real one does: the change shows in the next status.
      if (request.command === 'set-schedule')
        status = { ...status, schedule: { ...status.schedule, ...request.schedule } };
      if (request.command === 'set-quota')
        status = { ...status, disk: { ...disk, quotaBytes: request.quotaBytes } };
      if (request.command === 'set-method') method = request.method;
      agent.show(status);
      return { type: 'reply', id: request.id, error: null };
    };
    await page.goto(`${agent.address}/#token=${agent.token}`);
    await page.getByRole('navigation').waitFor();
    await page.getByRole('link', { name: '設定' }).click();
    await page.getByRole('heading', { level: 2, name: '学習してよい時間' }).waitFor();
  });
  afterEach(async () => {
    await page.context().close();
    await agent.stop();
    expect(complaints).toEqual([]);
  });
  const schedules = () =>
    given.flatMap((command) => (command.command === 'set-schedule' ? [command.schedule] : []));

  it('edits the hours of training, says what is wrong, and takes it back', async () => {
    const card = page.getByRole('region', { name: '学習してよい時間' });
    await card.getByText('次の時間だけ').click();
    await card.getByText('翌日の06:00まで続きます。').waitFor();
    await card.getByText('土', { exact: true }).click();
    await card.getByLabel('終了').fill('05:30');
    await expectAccessible(page);
    await card.getByLabel('終了').fill('22:00');
    await card.getByText('開始と終了が同じです。').waitFor();
    expect(await card.getByRole('button', { name: '時間を保存' }).isEnabled()).toBe(false);
    await card.getByLabel('終了').fill('05:30');
    await card.getByRole('button', { name: '時間を保存' }).click();
    await page.getByText('保存しました。').waitFor();
    await page.screenshot({ path: `${PICTURES}/settings-plan-ja.png`, fullPage: true });
    // What was said in passing follows a switch of the language, too.
    await page.getByText('English', { exact: true }).first().click();
    await page.getByText('Saved.').waitFor();
    await page.getByText('日本語', { exact: true }).first().click();
    await page.getByRole('button', { name: '元に戻す' }).click();
    await card.getByText('翌日の').waitFor({ state: 'detached' });
    expect(schedules()).toEqual([{ trainWhen: 'mon-sat 22:00-05:30' }, { trainWhen: null }]);
  });

  it('sets the share of the PC by keyboard, and what the PC is left alone for', async () => {
    await page.getByRole('slider', { name: '学習に使う時間の割合' }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('学習に使う時間の割合：95%').waitFor();
    await page.getByRole('switch', { name: '誰も使っていないときだけ学習する' }).focus();
    await page.keyboard.press('Space');
    await page.getByLabel('操作がなくなってから始めるまでの時間（分）').waitFor();
    expect(schedules()).toEqual([{ sharePercent: 95 }, { idleMinutes: 10 }]);
    await expectAccessible(page);
  });

  it('sets the quota, also in full-width digits, but none that is too small', async () => {
    const field = page.getByLabel('データフォルダーの上限（GB）');
    await field.fill('0.01');
    await page.getByText('0.1 GB以上にしてください。').waitFor();
    await field.fill('５');
    await page.keyboard.press('Enter');
    await page.getByText('保存しました。').waitFor();
    expect(given).toEqual([expect.objectContaining({ command: 'set-quota', quotaBytes: 5e9 })]);
  });

  it('says how fast each way to train is, and takes a choice back', async () => {
    const card = page.getByRole('region', { name: '学習の計算方式' });
    await card
      .getByText('GPU（WebGPU）：Radeon 780M、毎秒28,000件、GPUを使わない場合の14倍の速さ、使用中')
      .waitFor();
    await card.getByLabel('使う方式').selectOption('WebAssembly');
    await page.getByText('保存しました。').waitFor();
    await expectAccessible(page);
    await card.screenshot({ path: `${PICTURES}/settings-method-ja.png` });
    await page.getByRole('button', { name: '元に戻す' }).click();
    await expect.poll(() => given.length).toBe(2);
    await card.getByRole('button', { name: '測り直す' }).click();
    await page.getByText('次の学習の前に測ります。').waitFor();
    expect(given).toMatchObject([
      { command: 'set-method', method: 'wasm' },
      { command: 'set-method', method: null },
      { command: 'measure-methods' },
    ]);
  });

  it('lists whose work is in the product, with the text of each licence', async () => {
    await page.getByRole('button', { name: 'Genba に含まれるソフトウェアのライセンス' }).click();
    await page.getByLabel('名前で探す').fill('ｒｅａｃｔ-dom');
    await page.getByText(/^react-dom .*MIT/).click();
    await page.getByText('Permission is hereby granted').filter({ visible: true }).first().waitFor();
    await expectAccessible(page);
  });

  it.each(['ja', 'en'] as const)('can be used at any size, in %s', async (language) => {
    await switchLanguage(page, language);
    await page.screenshot({ path: `${PICTURES}/settings-1024-${language}.png`, fullPage: true });
    await page.setViewportSize({ width: 3840, height: 2160 });
    await page.screenshot({ path: `${PICTURES}/settings-4k-${language}.png` });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1024, height: 600 });
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await expectNoSidewaysScroll(page);
  });
});
