import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { FakeDemo } from './fake-demo.ts';
import { demoDone, demoInProgress, offlinePlant, onlinePlant } from './fake-status.ts';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  PICTURES,
  switchLanguage,
  takePicture,
} from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('chromium', 'the pages in a browser', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    const viewport = { width: 1280, height: 920 };
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS, viewport });
  });
  afterEach(() => page.context().close());

  describe('a plant', () => {
    let agent: FakeAgent;
    beforeEach(async () => {
      agent = await FakeAgent.start(offlinePlant());
    });
    afterEach(() => agent.stop());

    it('opens with the token of the address, hides it, and survives a reload', async () => {
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await page.getByText('オフラインで作業中です').waitFor();
      expect(page.url()).toBe(`${agent.address}/`);
      await page.reload();
      await page.getByText('オフラインで作業中です').waitFor();
      agent.show(onlinePlant());
      await page.getByText('接続済みです。学習結果はすべて送信しました。').waitFor();
      expect(complaints).toEqual([]);
    });

    it('says that it may not connect without a token', async () => {
      await page.goto(agent.address);
      await page.getByText('この画面からは接続できません').waitFor();
      await expectAccessible(page);
    });

    it('remembers the language', async () => {
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await switchLanguage(page, 'en');
      await page.reload();
      await page.getByText('Working offline').waitFor();
    });

    it('says in plain words that newer data are unlike the old, until a person knows', async () => {
      const finding = { kind: 'column', column: 'トルク', change: 'higher', distance: 0.4 } as const;
      const drift = { since: new Date().toISOString(), before: 500, now: 60, findings: [finding] };
      agent.show({ ...onlinePlant(), drift });
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await page.getByText('「トルク」が以前より高くなっています。').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: '確認しました' }).click();
      agent.show({ ...onlinePlant(), drift: null });
      await page.getByText('「トルク」が以前より高くなっています。').waitFor({ state: 'detached' });
      expect(agent.commands).toEqual(['acknowledge-drift']);
      expect(complaints).toEqual([]);
    });

    it('stays whole without code that came too late', async () => {
      await page.route(/line-plot|notice-host/, (route) => route.abort());
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await page.getByText('この部分を読み込めませんでした').first().waitFor();
      expect(await page.getByText('オフラインで作業中です').isVisible()).toBe(true);
      await page.getByRole('button', { name: '一時停止' }).click();
      await page.getByText('一時停止中です').waitFor();
    });

    it('pauses by keyboard', async () => {
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await page.getByRole('button', { name: '一時停止' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('一時停止中です').waitFor();
      expect(agent.commands).toEqual(['pause']);
    });

    it.each(['ja', 'en'] as const)('names what stopped it, in %s', async (language) => {
      agent.show({
        ...offlinePlant(),
        phase: 'failed',
        round: null,
        history: [],
        backend: { name: 'wasm', isRequested: false, note: 'libtensorflow.so.2: no such file' },
        problem: { code: 'dataset/damaged', detail: 'train-images.idx3-ubyte' },
        queue: { ...offlinePlant().queue, updatesRefused: 2, roundsWaiting: 1 },
      });
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await switchLanguage(page, language);
      await page.getByText('dataset/damaged').waitFor();
      await page.screenshot({ path: join(PICTURES, `failed-${language}.png`) });
      await expectAccessible(page);
    });

    it('fits a 4K screen', async () => {
      await page.setViewportSize({ width: 3840, height: 2160 });
      await page.goto(`${agent.address}/#token=${agent.token}`);
      await takePicture(page, 'plant-3840x2160', 'look');
      await expectNoSidewaysScroll(page);
    });
  });

  describe('the demo', () => {
    let demo: FakeDemo;
    beforeEach(async () => {
      demo = await FakeDemo.start(demoInProgress());
    });
    afterEach(() => demo.stop());

    it('shows every plant and follows live to the result', async () => {
      await page.goto(demo.address);
      await page.getByText('1拠点が通信できなくなっています').waitFor();
      expect(await page.getByRole('row').filter({ hasText: 'Nagoya' }).textContent()).toContain('オフライン');
      const link = page.getByRole('link', { name: '福岡 Fukuokaの画面を開く' });
      expect(await link.getAttribute('href')).toContain(':41002/#token=');
      demo.show(demoDone());
      await page.getByText('完了しました').waitFor();
      await page.getByText(/重複した送信は0回でした/).waitFor();
      expect(await page.getByRole('columnheader', { name: '単独学習' }).count()).toBe(1);
      await demo.stop();
      expect(await page.getByText('完了しました').isVisible()).toBe(true);
      demo = await FakeDemo.start(demoDone());
    });

    it('says when the demo is gone', async () => {
      await page.goto(demo.address);
      await page.getByText('1拠点が通信できなくなっています').waitFor();
      await demo.stop();
      await page.getByText('デモと通信できません').waitFor();
      demo = await FakeDemo.start(demoDone());
    });

    it.each(['ja', 'en'] as const)('stays whole without code that came too late, in %s', async (language) => {
      await page.route('**/line-plot*', (route) => route.abort());
      await page.goto(demo.address);
      await page.getByText('この部分を読み込めませんでした').waitFor();
      await switchLanguage(page, language);
      expect(await page.getByRole('row').filter({ hasText: 'Nagoya' }).count()).toBe(1);
      await expectAccessible(page);
      await page.screenshot({ path: join(PICTURES, `part-missing-${language}.png`) });
      await page.unroute('**/line-plot*');
      await page.getByRole('button', { name: language === 'ja' ? 'もう一度試す' : 'Try again' }).click();
      await page.locator('.curve__plot svg').first().waitFor();
    });

    it.each(['ja', 'en'] as const)('is accessible in %s', async (language) => {
      demo.show(demoDone());
      await page.setViewportSize({ width: 1280, height: 1010 });
      await page.goto(demo.address);
      await switchLanguage(page, language);
      await takePicture(page, `example-demo-${language}`, 'look');
      await expectAccessible(page);
      await page.setViewportSize({ width: 480, height: 800 });
      await takePicture(page, `demo-480-${language}`, 'look');
      await expectNoSidewaysScroll(page);
      expect(complaints).toEqual([]);
    });
  });
});
