import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Invitation, invitationFile, invitationLink } from '@genba/shared/identity/invitation';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { command, readStatus } from './agent-window.ts';
import { launchWindow } from './electron-window.ts';
import { onlinePlant } from './fake-status.ts';
import { FakeWindow, openAgain, WINDOW_DEADLINE_MS } from './fake-window.ts';
import { freshPlant } from './fresh-plant.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';
import { PhotoPlant } from './photo-plant.ts';
import { openDisplay } from './virtual-display.ts';

const ACTION_DEADLINE_MS = 10_000;
const ROUND_DEADLINE_MS = 90_000;
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();
const HERE = 'ab'.repeat(32);
const ELSEWHERE = 'cd'.repeat(32);
const PLANT_NAME = '豊橋工場 第2ライン';

const invitation = (change: Partial<Invitation> = {}): Invitation => ({
  version: 1,
  servers: ['wss://shin.example.co.jp:8600'],
  certificate: HERE,
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'digits',
  plantName: PLANT_NAME,
  expiresAt: TOMORROW,
  ...change,
});

function enrolledPlant(change: Partial<AgentStatus> = {}): AgentStatus {
  return {
    ...onlinePlant(),
    security: 'enrolled',
    identity: {
      taskId: 'digits',
      plantName: PLANT_NAME,
      servers: ['wss://kyu.example.co.jp:8600'],
      certificate: HERE,
      enrolledAt: '2026-11-01T00:00:00.000Z',
      keyId: 'ef'.repeat(32),
      keyCreatedAt: '2026-11-01T00:00:00.000Z',
      nextKeyId: null,
    },
    ...change,
  };
}

describeIfAvailable('electron', 'an invitation opened while the plant takes part', () => {
  let shown: FakeWindow;
  let page: Page;
  /** Invitations that the agent was told to enrol with. */
  const enrolled: string[] = [];

  beforeAll(async () => {
    shown = await FakeWindow.open(enrolledPlant());
    const { app, agent } = shown;
    page = shown.page;
    agent.answer = (request) => {
      if (!('command' in request) || request.command !== 'enrol') return null;
      enrolled.push(request.invitation);
      return { type: 'reply', id: request.id, error: agent.refusal };
    };
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(1024, 600));
  }, WINDOW_DEADLINE_MS);

  afterAll(() => shown?.end());

  beforeEach(async () => {
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    enrolled.length = 0;
    shown.agent.refusal = null;
    shown.agent.show(enrolledPlant());
  });

  const dialog = () => page.getByRole('dialog');
  const openLink = (change: Partial<Invitation>) => shown.openAgain(invitationLink(invitation(change)));

  it('of the same aggregator changes nothing, and says so', async () => {
    await openLink({});
    await dialog().getByText(`この集約サーバーに「${PLANT_NAME}」として登録済みです。`).waitFor();
    expect(await dialog().getByRole('button').count()).toBe(1);
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    expect(enrolled).toEqual([]);
  });

  it('of another PC or another task is named for what it is, also on another screen', async () => {
    await page.getByRole('link', { name: '通信' }).click();
    await openLink({ plantName: '田原工場' });
    await dialog().getByText('この招待は「田原工場」宛てですが').waitFor();
    // The next one takes the place of the one before it.
    const file = join(shown.folder, '溶接 ライン.genba-invite');
    writeFileSync(file, invitationFile(invitation({ taskId: 'welds', certificate: ELSEWHERE })));
    await shown.openAgain(file);
    await dialog().getByText('この招待は別のタスク（welds）のものです。').waitFor();
    await openLink({ expiresAt: '2020-01-01T00:00:00.000Z' });
    await dialog().getByText('招待の期限が切れています。').waitFor();
    await dialog().getByRole('button', { name: '閉じる' }).click();
    expect(enrolled).toEqual([]);
  });

  it('of another aggregator is used only by somebody who has read where it leads', async () => {
    const waiting = { ...onlinePlant().queue, roundsWaiting: 4 };
    shown.agent.show(enrolledPlant({ queue: waiting }));
    const link = { certificate: ELSEWHERE };
    await openLink(link);
    await dialog().getByText('wss://kyu.example.co.jp:8600').waitFor();
    // Enter alone leaves everything as it is.
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'detached' });
    expect(enrolled).toEqual([]);

    await openLink(link);
    await dialog().getByText('送信待ちの学習結果4回分は、新しい集約サーバーへ送ります。').waitFor();
    for (const language of ['en', 'ja'] as const) {
      await page.evaluate((wanted) => {
        const label = wanted === 'ja' ? '日本語' : 'English';
        [...document.querySelectorAll('label')].find(({ textContent }) => textContent === label)?.click();
      }, language);
      await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await page.screenshot({ path: join(PICTURES, `handed-${language}.png`) });
    }
    shown.agent.refusal = 'enrolment/unreachable';
    await dialog().getByRole('button', { name: '切り替える' }).click();
    await dialog().getByText('操作できませんでした。集約サーバーにつながらないか').waitFor();
    shown.agent.refusal = null;
    await dialog().getByRole('button', { name: '切り替える' }).click();
    await page.getByText('新しい招待で登録しました。').waitFor();
    await dialog().waitFor({ state: 'detached' });
    expect(enrolled).toHaveLength(2);
  });

  it('of an aggregator that has locked this PC out lets it in again', async () => {
    shown.agent.show(enrolledPlant({ problem: { code: 'identity/revoked', detail: null } }));
    await openLink({});
    await dialog().getByRole('button', { name: '登録し直す' }).click();
    await dialog().waitFor({ state: 'detached' });
    expect(enrolled).toEqual([invitationLink(invitation())]);
  });

  it('leads to the first run where nobody has joined, from any screen', async () => {
    shown.agent.show(freshPlant());
    await page.getByRole('link', { name: '設定' }).click();
    await openLink({});
    await page.getByText('招待の内容です。').waitFor();
    await page.getByText('wss://shin.example.co.jp:8600').waitFor();
    expect(await dialog().count()).toBe(0);
  });
});

describeIfAvailable('electron', 'changing over to another aggregator by a link', () => {
  it('loses nothing of what waits', { timeout: 240_000 }, async () => {
    await buildWindows();
    const display = await openDisplay();
    const classes = [
      { name: 'OK', digit: 1, count: 60 },
      { name: 'NG', digit: 0, count: 60 },
    ];
    const plant = await PhotoPlant.start(classes, { isDataKnown: true });
    const other = await PhotoPlant.start(classes);
    let app: ElectronApplication | null = null;
    try {
      await plant.enrol(PLANT_NAME);
      await expect
        .poll(async () => (await readStatus(plant.agentFolder)).queue.updatesDelivered, {
          timeout: ROUND_DEADLINE_MS,
        })
        .toBeGreaterThan(0);
      await plant.cut();
      await expect
        .poll(async () => (await readStatus(plant.agentFolder)).queue.roundsWaiting, {
          timeout: ROUND_DEADLINE_MS,
        })
        .toBeGreaterThan(1);
      app = await launchWindow(plant.agentFolder, display, 'ja');
      const page = await app.firstWindow();
      page.setDefaultTimeout(ACTION_DEADLINE_MS);
      await switchLanguage(page, 'ja');
      await openAgain(plant.agentFolder, display, await other.invite(PLANT_NAME));
      await page.getByRole('button', { name: '切り替える' }).click();
      await page.getByText('新しい招待で登録しました。').waitFor();
      await command(plant.agentFolder, 'pause');
      await expect
        .poll(async () => (await readStatus(plant.agentFolder)).queue, { timeout: ROUND_DEADLINE_MS })
        .toMatchObject({ roundsWaiting: 0, updatesWaiting: 0 });
      // Every finished round is in one model or the other, once what was received is merged; what the first one had
      // received may be in both.
      const { roundsDone } = (await readStatus(plant.agentFolder)).queue;
      await expect
        .poll(() => plant.roundsMerged() + other.roundsMerged(), { timeout: ROUND_DEADLINE_MS })
        .toBeGreaterThanOrEqual(roundsDone);
      expect(other.roundsMerged()).toBeGreaterThan(1);
    } finally {
      await app?.close();
      await Promise.all([plant.end(), other.end()]);
      display.close();
    }
  });
});
