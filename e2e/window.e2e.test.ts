import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeIfAvailable } from '../tools/requirements.ts';
import { listenForComplaints } from './chromium-page.ts';
import { FakeAgent } from './fake-agent.ts';
import { offlinePlant, onlinePlant } from './fake-status.ts';
import { FakeWindow, WINDOW_DEADLINE_MS } from './fake-window.ts';
import { expectAccessible, expectNoSidewaysScroll, switchLanguage, takePicture } from './page-checks.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** All that a page gets from the shell. */
const BRIDGE = [
  ...['acknowledgeUpdate', 'choosePath', 'chooseTarget', 'endpoint', 'installUpdate', 'lookForUpdate'],
  ...['onInvitation', 'onUpdate', 'pathOf', 'saveLogBundle', 'setLanguage', 'stopUpdate'],
  ...['takeInvitation', 'update', 'versions'],
];

describeIfAvailable('electron', 'the window in Electron', () => {
  let shown: FakeWindow;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    shown = await FakeWindow.open(offlinePlant());
    page = shown.page;
    listenForComplaints(page, complaints);
    // What it had to complain of before anybody listened.
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
  }, WINDOW_DEADLINE_MS);

  afterAll(() => shown?.end());

  const banner = () => page.getByRole('status').first();
  const resize = (width: number, height: number) =>
    shown.app.evaluate(
      ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
      { width, height },
    );

  beforeEach(async () => {
    shown.agent.refusal = null;
    shown.agent.show(offlinePlant());
    await page.getByText(/オフラインで作業中です|Working offline/).waitFor();
  });

  it('shows the plant and its state', async () => {
    expect(await page.getByRole('banner').textContent()).toContain('豊橋工場 第2ライン');
    expect(await banner().textContent()).toContain(
      '学習結果4回分を保管しています。ネットワークが戻ったら自動で送信します。',
    );
    expect(await page.title()).toContain('豊橋工場');
  });

  it('follows the agent live', async () => {
    shown.agent.show(onlinePlant());
    await page.getByText('接続済みです。学習結果はすべて送信しました。').waitFor();
    expect(await banner().textContent()).toContain('学習中です');
  });

  it('switches the language without a restart', async () => {
    await switchLanguage(page, 'en');
    expect(await banner().textContent()).toContain(
      '4 rounds waiting; they will be sent when the network is back.',
    );
    await page.reload();
    await page.getByText('Working offline').waitFor();
    await switchLanguage(page, 'ja');
  });

  it('pauses and resumes', async () => {
    await page.getByRole('button', { name: '一時停止' }).click();
    await page.getByText('一時停止中です').waitFor();
    await page.getByRole('button', { name: '再開' }).click();
    await page.getByText('オフラインで作業中です').waitFor();
    expect(shown.agent.commands.slice(-2)).toEqual(['pause', 'resume']);
  });

  it('says why a command was refused', async () => {
    shown.agent.refusal = 'server/storage';
    await page.getByRole('button', { name: '一時停止' }).click();
    await page.getByText(/操作できませんでした。集約サーバーがディスクに/).waitFor();
    expect(await page.getByRole('button', { name: '一時停止' }).isEnabled()).toBe(true);
  });

  it('says that the agent is gone, and follows it to its new port and token', async () => {
    await shown.agent.stop();
    await page.getByText('エージェントと通信できません').waitFor();
    shown.agent = await FakeAgent.start(onlinePlant());
    await shown.agent.announce(shown.folder);
    await page.getByText('学習中です').waitFor({ timeout: 15_000 });
  }, 30_000);

  it('keeps the page apart from Node and from the shell', async () => {
    const powers = await page.evaluate(() => ({
      node: ['process', 'require', 'module', 'Buffer'].filter((name) => name in globalThis),
      bridge: Object.keys((globalThis as { genba?: object }).genba ?? {}).sort(),
    }));
    expect(powers).toEqual({ node: [], bridge: BRIDGE });
    const preferences = await shown.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      // Not in Electron's types, but what it really uses.
      return (contents as unknown as { getLastWebPreferences(): object }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
    // Electron names some of them only where they are not as they should be.
    const set = preferences as Readonly<Record<string, unknown>>;
    const loosened = [
      ...['nodeIntegrationInSubFrames', 'nodeIntegrationInWorker', 'allowRunningInsecureContent'],
      ...['experimentalFeatures', 'webviewTag', 'enableBlinkFeatures'],
    ].filter((name) => set[name]);
    expect(loosened).toEqual([]);
    expect(set.webSecurity ?? true).toBe(true);
  });

  it('stays on its page and opens no other', async () => {
    const address = page.url();
    await page.evaluate(() => {
      location.href = 'http://127.0.0.1:9/';
    });
    const opened = await page.evaluate(() => window.open('http://127.0.0.1:9/') === null);
    expect(opened).toBe(true);
    expect(page.url()).toBe(address);
    expect(shown.app.windows()).toHaveLength(1);
    expect(await page.evaluate(() => Notification.permission)).toBe('denied');
    // The driver still waits for the navigation that never came.
    await page.reload();
  });

  it('is given no camera, no place, no device and no embedded page', async () => {
    const refused = await page.evaluate(async () => {
      const reason = (asked: Promise<unknown>) =>
        asked.then(
          () => 'given',
          (error: Error) => error.name,
        );
      const place = new Promise<string>((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('given'),
          ({ code }) => resolve(`refused ${code}`),
        ),
      );
      const embedded = document.createElement('webview');
      return {
        // Asked for outright, a PC without a camera says that it has none.
        camera: (await navigator.permissions.query({ name: 'camera' as PermissionName })).state,
        place: await place,
        clipboard: await reason(navigator.clipboard.readText()),
        isEmbedding: 'loadURL' in embedded,
      };
    });
    expect(refused).toEqual({
      camera: 'denied',
      place: 'refused 1',
      clipboard: 'NotAllowedError',
      isEmbedding: false,
    });
  });

  it('runs no foreign script and fetches nothing from elsewhere', async () => {
    const blocked = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), {
            once: true,
          });
          fetch('http://127.0.0.1:9/').catch(() => {});
        }),
    );
    expect(blocked).toBe('connect-src');
    complaints.length = 0;
  });

  it.each(['ja', 'en'] as const)('is accessible in %s', async (language) => {
    await resize(1280, 920);
    await switchLanguage(page, language);
    await takePicture(page, `example-window-${language}`, 'look');
    await expectAccessible(page);
    await switchLanguage(page, 'ja');
  });

  it.each([
    [1024, 600],
    [1920, 1080],
  ])('fits %i x %i', async (width, height) => {
    await resize(width, height);
    await page.waitForFunction((wanted) => window.innerWidth === wanted, width);
    await takePicture(page, `window-${width}x${height}`, 'look');
    await expectNoSidewaysScroll(page);
  });

  it('can be read at twice the text size', async () => {
    await resize(1024, 600);
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await takePicture(page, 'window-200-percent', 'look');
    await expectNoSidewaysScroll(page);
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '';
    });
  });

  it('is made of what a package may hold: nothing for developers, and no path of the PC that built it', () => {
    const pages = join(ROOT, 'renderer', 'dist', 'assets');
    const scripts = readdirSync(pages).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(5);
    const forDevelopers = scripts.filter((name) => {
      const text = readFileSync(join(pages, name), 'utf8');
      return text.includes('jsxDEV') || text.includes(ROOT);
    });
    expect(forDevelopers).toEqual([]);
  });

  it('leaves the console free of errors', () => {
    expect(complaints).toEqual([]);
  });
});
