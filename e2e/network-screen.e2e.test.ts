import type { DoctorReport } from '@genba/shared/local-api/doctor';
import type { LedgerEntry, LedgerQuery } from '@genba/shared/local-api/ledger';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { openPage, startBrowser } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { offlinePlant } from './fake-status.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';

const ACTION_DEADLINE_MS = 10_000;

const REPORT: DoctorReport = {
  at: '2026-11-20T09:00:00.000Z',
  appVersion: '0.1.0',
  pc: [{ layer: 'disk-space', status: 'passed', durationMs: 1, measured: [], verdict: null }],
  ways: [
    {
      address: 'wss://genba.example.co.jp:8600',
      layers: [
        { layer: 'name', status: 'passed', durationMs: 3, measured: [], verdict: null },
        { layer: 'tcp', status: 'failed', durationMs: 3000, measured: [], verdict: 'tcp/no-answer' },
        { layer: 'tls', status: 'not-reached', durationMs: null, measured: [], verdict: null },
      ],
    },
  ],
  conclusion: { verdict: 'tcp/no-answer', values: { host: 'genba.example.co.jp', port: '8600' } },
};

function delivery(entryId: number, change: Partial<LedgerEntry> = {}): LedgerEntry {
  const at = new Date().toISOString();
  return {
    entryId,
    startedAt: at,
    endedAt: at,
    channel: 'network',
    peer: 'wss://genba.example.co.jp:8600',
    taskId: 'digits',
    content: 'update',
    updateId: `update-${entryId}`,
    rounds: 3,
    firstRound: 1,
    lastRound: 3,
    firstByte: 0,
    plannedBytes: 200_000,
    sentBytes: 200_000,
    outcome: 'complete',
    ...change,
  };
}

describeIfAvailable('chromium', 'the network screen', () => {
  let browser: Browser;
  let page: Page;
  let agent: FakeAgent;
  const asked: LedgerQuery[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    page = await openPage(browser, complaints, { deadlineMs: ACTION_DEADLINE_MS, permissions });
    asked.length = 0;
    agent = await FakeAgent.start(offlinePlant());
    agent.answer = (request) => {
      if (!('query' in request)) return null;
      const { id } = request;
      if (request.query === 'doctor') return { type: 'doctor', id, report: REPORT };
      if (request.query !== 'ledger') return null;
      asked.push(request.of);
      const isToday = Date.parse(request.of.until ?? '') > Date.now();
      if (!isToday) return { type: 'ledger', id, page: { entries: [], hasMore: false, keptSince: null } };
      const isFirst = request.of.after === 0;
      const entries = isFirst
        ? [delivery(1), delivery(2, { outcome: 'unknown', sentBytes: 50_000 })]
        : [delivery(3, { rounds: 7 })];
      return { type: 'ledger', id, page: { entries, hasMore: isFirst, keptSince: null } };
    };
    await page.goto(`${agent.address}/#token=${agent.token}`);
    await page.getByRole('navigation').waitFor();
    await page.getByRole('link', { name: '通信' }).click();
  });
  afterEach(async () => {
    await page.context().close();
    await agent.stop();
    expect(complaints).toEqual([]);
  });

  it('shows what left, page by page and day by day', async () => {
    await page.getByText('途中でパソコンが停止').waitFor();
    await page.getByText('50kB～200kB').waitFor();
    await page.getByRole('button', { name: '続きを表示' }).click();
    await page.getByText('学習結果7回分').waitFor();
    expect(asked.map(({ after }) => after)).toEqual(expect.arrayContaining([0, 2]));
    await page.getByRole('button', { name: '前の日' }).click();
    await page.getByText('この日に送信したものはありません。').waitFor();
    expect(asked.at(-1)?.until).toBe(asked[0]?.since);
    await page.getByRole('button', { name: '次の日' }).click();
    await page.getByText('途中でパソコンが停止').waitFor();
    expect(await page.getByRole('button', { name: '次の日' }).isEnabled()).toBe(false);
  });

  it('examines the connection by keyboard, and copies what IT needs', async () => {
    await page.getByRole('button', { name: '接続を診断する' }).focus();
    await page.keyboard.press('Enter');
    await page
      .getByText('genba.example.co.jp のTCPポート 8600 から応答がありません', { exact: false })
      .first()
      .waitFor();
    expect(await page.getByRole('listitem').filter({ hasText: '接続（TCP）' }).textContent()).toContain(
      '異常',
    );
    await page.getByRole('button', { name: 'IT担当向けにコピー' }).click();
    await page.getByRole('button', { name: 'コピーしました' }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain('Genba 接続診断 0.1.0');
    for (const language of ['en', 'ja'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await page.screenshot({ path: `${PICTURES}/network-1024-${language}.png`, fullPage: true });
    }
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await expectNoSidewaysScroll(page);
  });

  it('stops waiting for an examination that takes long, and takes up a new one', async () => {
    const answer = agent.answer;
    let answerNow = () => {};
    const isLate = new Promise<void>((resolve) => {
      answerNow = resolve;
    });
    agent.answer = async (request) => {
      if ('query' in request && request.query === 'doctor') await isLate;
      return answer(request);
    };
    const report = page.getByText('から応答がありません', { exact: false });
    await page.getByRole('button', { name: '接続を診断する' }).click();
    await page.getByText('接続を診断しています').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: '診断を中止' }).click();
    await page.getByText('接続を診断しています').waitFor({ state: 'detached' });
    answerNow();
    agent.answer = answer;
    // A question that was asked later is answered later: the report that nobody wants has come by then.
    await page.getByRole('button', { name: '前の日' }).click();
    await page.getByText('この日に送信したものはありません。').waitFor();
    expect(await report.count()).toBe(0);
    await page.getByRole('button', { name: '接続を診断する' }).click();
    await report.first().waitFor();
  });

  it('says when the ledger cannot be read, and tries again', async () => {
    const answer = agent.answer;
    agent.answer = (request) =>
      'query' in request && request.query === 'ledger'
        ? { type: 'reply', id: request.id, error: 'store/disk-full' }
        : null;
    await page.getByRole('button', { name: '前の日' }).click();
    await page.getByRole('button', { name: 'もう一度試す' }).waitFor();
    await expectAccessible(page);
    agent.answer = answer;
    await page.getByRole('button', { name: 'もう一度試す' }).click();
    await page.getByText('この日に送信したものはありません。').waitFor();
  });
});
