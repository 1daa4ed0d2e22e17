import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { dropOnto } from './dropped-folder.ts';
import { launchWindow } from './electron-window.ts';
import { FakeAgent } from './fake-agent.ts';
import { onlinePlant } from './fake-status.ts';
import { freshPlant, LOOK } from './fresh-plant.ts';
import { expectAccessible, PICTURES, switchLanguage } from './page-checks.ts';
import { type Display, openDisplay } from './virtual-display.ts';

const START_DEADLINE_MS = 60_000;
const ACTION_DEADLINE_MS = 10_000;

describeIfAvailable('electron', 'a folder dropped onto the window', () => {
  let display: Display;
  let folder: string;
  let photos: string;
  let agent: FakeAgent;
  let app: ElectronApplication;
  let page: Page;
  /** Paths that the agent was asked to look at. */
  const looked: string[] = [];

  beforeAll(async () => {
    await buildWindows();
    display = await openDisplay();
    folder = await mkdtemp(join(tmpdir(), 'genba 落とす '));
    photos = join(folder, '検査 写真');
    await mkdir(join(photos, 'OK'), { recursive: true });
    await writeFile(join(folder, '測定.csv'), 'torque,result\n1,OK\n');
    agent = await FakeAgent.start({ ...freshPlant(), security: 'enrolled' });
    agent.answer = (request) => {
      if (!('query' in request) || request.query !== 'preview-data') return null;
      looked.push(request.path);
      return { type: 'preview', id: request.id, preview: LOOK };
    };
    await agent.announce(folder);
    app = await launchWindow(folder, display, 'ja');
    page = await app.firstWindow();
    page.setDefaultTimeout(ACTION_DEADLINE_MS);
    await switchLanguage(page, 'ja');
  }, START_DEADLINE_MS);

  afterAll(async () => {
    await app?.close();
    await agent?.stop();
    display?.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    looked.length = 0;
  });

  it('is looked at during the first run, and so is a file', async () => {
    const drop = page.locator('.drop');
    await drop.waitFor();
    await dropOnto(drop, [photos]);
    await page.getByText('写真412枚：OK 380、NG 32').waitFor();
    expect(await page.getByLabel('学習データのフォルダーまたはファイル').inputValue()).toBe(photos);
    await dropOnto(drop, [join(folder, '測定.csv')]);
    await expect.poll(() => looked).toEqual([photos, join(folder, '測定.csv')]);
    for (const language of ['en', 'ja'] as const) {
      await switchLanguage(page, language);
      await expectAccessible(page);
      await page.screenshot({ path: join(PICTURES, `data-drop-${language}.png`) });
    }
  });

  it('is refused with what to do instead where it is more than one thing, or lies nowhere', async () => {
    const drop = page.locator('.drop');
    await dropOnto(drop, [photos, folder]);
    await page.getByText('フォルダーやファイルは1つずつドロップしてください。').waitFor();
    // What a script has made lies nowhere, whatever it is called.
    await drop.evaluate((element) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], '/etc/passwd'));
      element.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    });
    await page.getByText('このパソコンのフォルダーにないものです。').waitFor();
    expect(looked).toEqual([]);
  });

  it('is looked at in the settings', async () => {
    agent.show(onlinePlant());
    await page.getByRole('link', { name: '設定' }).click();
    await page.getByRole('button', { name: '別のデータを選ぶ' }).click();
    await dropOnto(page.locator('.drop'), [photos]);
    await page.getByText('写真412枚：OK 380、NG 32').waitFor();
    expect(looked).toEqual([photos]);
  });
});
