import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { offlinePlant } from './fake-status.ts';
import { expectAccessible, expectNoSidewaysScroll, switchLanguage } from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('chromium', 'the screens of the window', () => {
  let browser: Browser;
  let page: Page;
  let agent: FakeAgent;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    agent = await FakeAgent.start(offlinePlant());
  });
  afterEach(async () => {
    await page.context().close();
    await agent.stop();
    expect(complaints).toEqual([]);
  });

  const open = async (hash = '') => {
    await page.goto(`${agent.address}/#token=${agent.token}`);
    await page.getByRole('navigation').waitFor();
    if (hash === '') return;
    await page.evaluate((place) => {
      location.hash = place;
    }, hash);
  };
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');

  describe('the frame', () => {
    it('leads to a screen by link, by key and by reload, and says where one has arrived', async () => {
      await open();
      await page.getByRole('link', { name: '通信' }).click();
      await page.getByRole('heading', { level: 1, name: '通信' }).waitFor();
      expect(await focused()).toBe('通信');
      expect(await page.title()).toMatch(/^通信 – /);
      await page.reload();
      await page.getByRole('heading', { level: 1, name: '通信' }).waitFor();
      expect(await page.getByRole('link', { name: '通信' }).getAttribute('aria-current')).toBe('page');
      await page.keyboard.press('Alt+1');
      await page.getByText('オフラインで作業中です').waitFor();
      expect(await focused()).toBe('今日');
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: '通信' }).waitFor();
    });

    it('skips header and navigation without leaving the screen', async () => {
      await open('#/network');
      await page.getByRole('heading', { level: 1, name: '通信' }).waitFor();
      await page.getByRole('button', { name: '本文へ移動' }).focus();
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
      expect(page.url()).toMatch(/#\/network$/);
    });

    it('says on every screen that the agent is gone, and keeps what was known', async () => {
      await open('#/network');
      await page.getByRole('heading', { level: 2 }).first().waitFor();
      await agent.stop();
      await page.getByText('エージェントと通信できません').waitFor();
      expect(await page.getByRole('heading', { level: 2 }).first().isVisible()).toBe(true);
      await expectAccessible(page);
      // It would go on knocking, and complain.
      await page.close();
      complaints.length = 0;
      agent = await FakeAgent.start(offlinePlant());
    });

    it.each(['#/today', '#/network', '#/settings'])(
      '%s can be used by everybody and on every screen',
      async (place) => {
        await open(place);
        await page.getByRole('heading', { level: 2 }).first().waitFor();
        for (const language of ['en', 'ja'] as const) {
          await switchLanguage(page, language);
          await expectAccessible(page);
          await expectNoSidewaysScroll(page);
        }
        await page.evaluate(() => {
          document.documentElement.style.fontSize = '200%';
        });
        await expectNoSidewaysScroll(page);
      },
    );
  });
});
