import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { dropOnto } from './dropped-folder.ts';
import { onlinePlant } from './fake-status.ts';
import { FakeWindow, WINDOW_DEADLINE_MS } from './fake-window.ts';
import { freshPlant, LOOK } from './fresh-plant.ts';
import { expectAccessible, PICTURES, switchLanguage } from './page-checks.ts';

describeIfAvailable('electron', 'a folder dropped onto the window', () => {
  let shown: FakeWindow;
  let folder: string;
  let photos: string;
  let page: Page;
  /** Paths that the agent was asked to look at. */
  const looked: string[] = [];

  beforeAll(async () => {
    shown = await FakeWindow.open({ ...freshPlant(), security: 'enrolled' });
    ({ folder, page } = shown);
    photos = join(folder, '検査 写真');
    await mkdir(join(photos, 'OK'), { recursive: true });
    await writeFile(join(folder, '測定.csv'), 'torque,result\n1,OK\n');
    shown.agent.answer = (request) => {
      if (!('query' in request) || request.query !== 'preview-data') return null;
      looked.push(request.path);
      return { type: 'preview', id: request.id, preview: LOOK };
    };
  }, WINDOW_DEADLINE_MS);

  afterAll(() => shown?.end());

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
    shown.agent.show(onlinePlant());
    await page.getByRole('link', { name: '設定' }).click();
    await page.getByRole('button', { name: '別のデータを選ぶ' }).click();
    await dropOnto(page.locator('.drop'), [photos]);
    await page.getByText('写真412枚：OK 380、NG 32').waitFor();
    expect(looked).toEqual([photos]);
  });
});
