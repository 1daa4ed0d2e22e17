import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangesPeriod, PlantChanges } from '@genba/shared/local-api/changes';
import type { LocalCommand } from '@genba/shared/local-api/messages';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { firstDayChanges, nightChanges } from './fake-changes.ts';
import { offlinePlant } from './fake-status.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('chromium', 'what has changed since the last shift', () => {
  let browser: Browser;
  let page: Page;
  let agent: FakeAgent;
  let status = offlinePlant();
  let changes: (period: ChangesPeriod) => PlantChanges | null;
  const asked: ChangesPeriod[] = [];
  const given: LocalCommand[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
    mkdirSync(PICTURES, { recursive: true });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS });
    for (const list of [asked, given]) list.length = 0;
    status = offlinePlant();
    changes = nightChanges;
    agent = await FakeAgent.start(status);
    agent.answer = (request) => {
      if ('query' in request && request.query === 'changes') {
        asked.push(request.period);
        const told = changes(request.period);
        return told === null
          ? { type: 'reply', id: request.id, error: 'internal/bug' }
          : { type: 'changes', id: request.id, changes: told };
      }
      if (!('command' in request) || request.command !== 'set-schedule') return null;
      given.push(request);
      status = { ...status, schedule: { ...status.schedule, ...request.schedule } };
      agent.show(status);
      return { type: 'reply', id: request.id, error: null };
    };
    await page.goto(`${agent.address}/#token=${agent.token}`);
  });
  afterEach(async () => {
    await page.context().close();
    await agent.stop();
    expect(complaints).toEqual([]);
  });

  const card = () => page.getByRole('region', { name: /^(申し送り|What has changed)$/ });

  it('stands on the first screen, in words, for a shift or a week', async () => {
    await card().getByText('13回学習しました（合計52分）。').waitFor();
    await card().getByText('写真25枚にラベルを付けました（佐藤さん20枚、鈴木さん5枚）。').waitFor();
    await card().getByText('部品を121個判定しました：OK 118、NG 2').waitFor();
    for (const language of ['ja', 'en'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.screenshot({ path: join(PICTURES, `changes-${language}.png`), fullPage: true });
    }
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await expectNoSidewaysScroll(page);
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '';
    });
    await card().getByText('7 days').click();
    await card().getByText('168 rounds trained').waitFor();
    expect([asked[0], asked.at(-1)]).toEqual(['last-shift', 'week']);
  });

  it('is asked for again once something has happened', async () => {
    await card().getByText('13回学習しました').waitFor();
    changes = (period) => ({ ...nightChanges(period), rounds: { count: 14, durationMs: 1 } });
    agent.show({ ...status, queue: { ...status.queue, roundsDone: status.queue.roundsDone + 1 } });
    await card().getByText('14回学習しました').waitFor();
  });

  it('says on the first day that there is nothing to compare with yet', async () => {
    changes = firstDayChanges;
    await page.reload();
    await card().getByText('この拠点では最初の直です。').waitFor();
    await expectAccessible(page);
    await page.screenshot({ path: join(PICTURES, 'changes-first-ja.png') });
  });

  it('says where it cannot be read, and asks again when told to', async () => {
    changes = () => null;
    await page.reload();
    await card().getByText('申し送りを読み込めませんでした。').waitFor();
    changes = nightChanges;
    await card().getByRole('button', { name: 'もう一度試す' }).click();
    await card().getByText('13回学習しました').waitFor();
  });

  it('has its shifts set in the settings, and that taken back', async () => {
    await page.getByRole('link', { name: '設定' }).click();
    const shifts = page.getByRole('region', { name: '直の開始時刻' });
    await shifts.getByRole('button', { name: '直を追加' }).click();
    await shifts.getByLabel('3直の開始').fill('08:00');
    await shifts.getByText('同じ時刻に始まる直があります。').waitFor();
    expect(await shifts.getByRole('button', { name: '時刻を保存' }).isEnabled()).toBe(false);
    await shifts.getByLabel('3直の開始').fill('02:30');
    await expectAccessible(page);
    await shifts.getByRole('button', { name: '時刻を保存' }).click();
    await page.getByText('保存しました。').waitFor();
    await shifts.screenshot({ path: join(PICTURES, 'shifts-ja.png') });
    await page.getByRole('button', { name: '元に戻す' }).click();
    await expect.poll(() => given.length).toBe(2);
    expect(given).toMatchObject([
      { schedule: { shiftStarts: ['02:30', '08:00', '20:00'] } },
      { schedule: { shiftStarts: ['08:00', '20:00'] } },
    ]);
  });
});
