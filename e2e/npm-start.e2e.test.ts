import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { tryOutPaths } from '../demo/try-out.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { readStatus } from './agent-window.ts';
import { dropOnto } from './dropped-folder.ts';
import { NpmStart } from './npm-start.ts';
import { expectAccessible, expectNoSidewaysScroll, PICTURES, switchLanguage } from './page-checks.ts';
import { openDisplay } from './virtual-display.ts';

const START_DEADLINE_MS = 120_000;
const ACTION_DEADLINE_MS = 20_000;
const ROUND_DEADLINE_MS = 90_000;

describeIfAvailable('electron', 'npm start where nobody has set a plant up', () => {
  it('leads to the first finished round with nothing typed but an enrolment link, and goes on the next time', {
    timeout: 600_000,
  }, async () => {
    const display = await openDisplay();
    const home = mkdtempSync(path.join(tmpdir(), 'genba 試用 '));
    const tryOut = path.join(home, '試し');
    const { plant, photos } = tryOutPaths(tryOut);
    const env = {
      HOME: home,
      XDG_DATA_HOME: path.join(home, 'share'),
      GENBA_DATA: '',
      GENBA_TRY_OUT: tryOut,
      ...(display.name === undefined ? {} : { DISPLAY: display.name }),
    };
    let started: NpmStart | null = null;
    try {
      const launchedAt = Date.now();
      started = await NpmStart.run(env);
      const [link] = await started.said(/genba:\/\/enrol\S+/, START_DEADLINE_MS);
      expect(started.output).toContain(photos);
      const page = await started.page(START_DEADLINE_MS);
      page.setDefaultTimeout(ACTION_DEADLINE_MS);
      await page.getByRole('heading', { level: 2 }).first().waitFor({ timeout: START_DEADLINE_MS });
      await switchLanguage(page, 'ja');
      mkdirSync(PICTURES, { recursive: true });
      const take = (name: string) => page.screenshot({ path: path.join(PICTURES, `npm-start-${name}.png`) });
      await take('1-link-ja');
      const openedAt = Date.now();

      // As a paste does.
      await page.getByLabel('招待のリンク').focus();
      await page.keyboard.insertText(link);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: '参加する' }).click();
      await dropOnto(page.locator('.drop'), [photos]);
      await page.getByText('写真1,500枚：').waitFor({ timeout: ROUND_DEADLINE_MS });
      await expectAccessible(page);
      await take('2-data-ja');
      await page.getByRole('button', { name: 'このデータで学習を始める' }).click();
      await page
        .locator('.recharts-line-curve')
        .first()
        .waitFor({ state: 'attached', timeout: ROUND_DEADLINE_MS });
      const doneAt = Date.now();
      expect((await readStatus(plant)).queue.roundsDone).toBeGreaterThan(0);
      const seconds = { window: (openedAt - launchedAt) / 1000, firstRound: (doneAt - launchedAt) / 1000 };
      writeFileSync(path.join(PICTURES, 'npm-start-seconds.json'), `${JSON.stringify(seconds)}\n`);
      await page.getByText(/^接続済みです/).waitFor({ timeout: ROUND_DEADLINE_MS });
      await page.getByText('この拠点では最初の直です。').waitFor();
      await page.getByText(/^\d+回学習しました（合計/).waitFor();
      for (const language of ['ja', 'en'] as const) {
        await switchLanguage(page, language);
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
        await take(`3-round-${language}`);
      }

      // The window's end is the aggregator's, and not the agent's.
      await page.close();
      expect(await started.ended).toBe(0);
      expect(started.output).toContain('npm start -- --stop');
      await expect
        .poll(async () => (await readStatus(plant)).queue.roundsWaiting, { timeout: ROUND_DEADLINE_MS })
        .toBeGreaterThan(0);

      // Started again it needs no invitation, and what waited goes out.
      started = await NpmStart.run(env);
      const again = await started.page(START_DEADLINE_MS);
      await again
        .getByText('Everything learnt so far has been sent.')
        .waitFor({ timeout: ROUND_DEADLINE_MS });
      expect(started.output).not.toContain('genba://');
      await started.interrupt();

      const stopped = await NpmStart.run(env, '--stop');
      expect(await stopped.ended).toBe(0);
      expect(stopped.output).toContain('The agent has stopped.');
    } finally {
      await started?.interrupt();
      const stop = await NpmStart.run(env, '--stop');
      await stop.ended;
      display.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
