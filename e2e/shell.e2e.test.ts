import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { type Invitation, invitationFile, invitationLink } from '@genba/shared/identity/invitation';
import type { GenbaBridge } from '@genba/shared/local-api/window';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { buildWindows } from '../tools/build-windows.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { shellStart } from './electron-window.ts';
import { FakeAgent } from './fake-agent.ts';
import { onlinePlant } from './fake-status.ts';
import { FakeWindow, WINDOW_DEADLINE_MS } from './fake-window.ts';
import { windowOn } from './updating-plant.ts';
import { openDisplay } from './virtual-display.ts';

const DAY_MS = 86_400_000;
const ACTION_MS = 20_000;

const INVITATION: Invitation = {
  version: 1,
  servers: ['wss://genba.example.co.jp:8600'],
  certificate: 'ab'.repeat(32),
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'digits',
  plantName: '仙台 第一工場',
  expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
};

/** The page's window, as far as these tests look into it. */
interface ShellPage {
  readonly genba: GenbaBridge;
  heard?: number;
}

describeIfAvailable('electron', 'the shell around the window', () => {
  let shown: FakeWindow;
  let app: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    shown = await FakeWindow.open(onlinePlant());
    ({ app, page } = shown);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.evaluate(() => {
      const shell = window as unknown as ShellPage;
      shell.heard = 0;
      shell.genba.onInvitation(() => {
        shell.heard = (shell.heard ?? 0) + 1;
      });
    });
  }, WINDOW_DEADLINE_MS);

  afterAll(() => shown?.end());

  const startAgain = (opened: string) => shown.openAgain(opened);
  const heardOf = (count: number) =>
    page.waitForFunction((wanted) => (window as unknown as ShellPage).heard === wanted, count);
  const takeInvitation = () => page.evaluate(() => (window as unknown as ShellPage).genba.takeInvitation());

  /** The page takes what it is told of, and says what it is. */
  const expectShown = async (text: string) => {
    await page.getByRole('dialog').getByText(text).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  it('hands a link of a second start to the first, and ends the second', async () => {
    await startAgain(invitationLink(INVITATION));
    await heardOf(1);
    await expectShown(INVITATION.servers[0]!);
    expect(await takeInvitation()).toBeNull();
    expect(app.windows()).toHaveLength(1);
  });

  it('hands a file over, also from a folder with spaces and Japanese', async () => {
    const file = join(shown.folder, '仙台 第一工場.genba-invite');
    await writeFile(file, invitationFile(INVITATION));
    await startAgain(file);
    await heardOf(2);
    await expectShown(INVITATION.servers[0]!);
  });

  it('says why it refuses one', async () => {
    await startAgain(invitationLink({ ...INVITATION, expiresAt: '2020-01-01T00:00:00.000Z' }));
    await heardOf(3);
    await expectShown(ERROR_CATALOGUE['invitation/expired'].ja);
  });

  it('lets a person choose a folder with the system’s own dialog', async () => {
    await app.evaluate(({ dialog }) => {
      dialog.showOpenDialog = async (...args: unknown[]) => {
        const { title, properties } = args.at(-1) as Electron.OpenDialogOptions;
        return { canceled: false, filePaths: [`/${title} ${properties?.join()}`] };
      };
    });
    const choose = (language: 'ja' | 'en') =>
      page.evaluate(async (spoken) => {
        const { genba } = window as unknown as ShellPage;
        await genba.setLanguage(spoken);
        return genba.choosePath('folder');
      }, language);
    expect(await choose('en')).toBe('/Choose a folder openDirectory');
    expect(await choose('ja')).toBe('/フォルダーを選ぶ openDirectory');
  });

  it('writes the log bundle where a person wants it', async () => {
    const target = join(shown.folder, 'IT 用.zip');
    await app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath });
    }, target);
    const result = await page.evaluate(() => (window as unknown as ShellPage).genba.saveLogBundle());
    expect(result).toEqual({ state: 'saved', path: target });
    expect(existsSync(target)).toBe(true);
  }, 40_000);

  it('loads a page again that has crashed, then shows a plain one with a way back', async () => {
    const shown = () =>
      app.evaluate(async ({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]!.webContents;
        const read = contents.executeJavaScript('[location.pathname, document.body.innerText]');
        return (await read) as [path: string, text: string];
      });
    const crash = () =>
      app.evaluate(
        ({ BrowserWindow }) =>
          new Promise<void>((resolve) => {
            const contents = BrowserWindow.getAllWindows()[0]!.webContents;
            contents.once('did-finish-load', () => resolve());
            contents.forcefullyCrashRenderer();
          }),
      );
    for (let count = 0; count < 3; count++) await crash();
    expect((await shown())[0]).toBe('/desktop/index.html');
    await crash();
    const [path, text] = await shown();
    expect(path).toBe('/window-failed.html');
    expect(text).toContain('学習と送信は続いています');
    expect(text).toContain('Training and sending go on');
    const leave = (script: string) =>
      app.evaluate(
        ({ BrowserWindow }, run) => BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(run),
        script,
      );
    await leave("location.href = 'genba://app/desktop/other.html'; null");
    await leave("location.href = 'http://127.0.0.1:9/'; null");
    expect((await shown())[0]).toBe('/window-failed.html');
    await leave("document.querySelector('a').click(); null");
    await expect.poll(async () => (await shown())[0]).toBe('/desktop/index.html');
  }, 30_000);
});

describeIfAvailable('electron', 'the shell and its page', () => {
  let shown: FakeWindow;

  beforeAll(async () => {
    shown = await FakeWindow.open(onlinePlant());
  }, WINDOW_DEADLINE_MS);

  afterAll(() => shown?.end());

  it('loads a page again that hangs', async () => {
    const { app, page } = shown;
    const loadedAgain = app.evaluate(
      ({ BrowserWindow }) =>
        new Promise<string>((resolve) => {
          const { webContents } = BrowserWindow.getAllWindows()[0]!;
          webContents.once('did-finish-load', () => resolve(webContents.getURL()));
        }),
    );
    page.evaluate('for (;;);').catch(() => undefined);
    // The browser says so once somebody has waited in vain; never while a driver looks into the page.
    await app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]!.emit('unresponsive'));
    expect(await loadedAgain).toContain('/desktop/index.html');
  });

  it('looks for no graphics card', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'genba 画面 '));
    await shown.agent.announce(folder);
    const further = ['--attach', '--lang=ja', '--remote-debugging-port=0'];
    const { executable, args, env } = shellStart(folder, shown.display, further);
    const program = spawn(executable, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let said = '';
      program.stderr.on('data', (data: Buffer) => {
        said += data.toString();
      });
      const { browser, page } = await vi.waitFor(() => windowOn(folder, ACTION_MS), ACTION_MS);
      await page.getByRole('heading', { level: 1 }).waitFor();
      // A process that looked for one in vain says so as it ends.
      expect(said).not.toContain('GPU process');
      await browser.close();
    } finally {
      const ended = once(program, 'exit');
      program.kill();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);
});

describeIfAvailable('electron', 'the shell in the tray', () => {
  it(
    'goes on without its window, stays hidden at the start with the PC, and opens when it is started again',
    async () => {
      await buildWindows();
      const display = await openDisplay();
      const folder = await mkdtemp(join(tmpdir(), 'genba 常駐 '));
      const agent = await FakeAgent.start(onlinePlant());
      await agent.announce(folder);
      const { executable, args, env } = shellStart(folder, display, ['--lang=ja']);
      const own = { ...env, XDG_CONFIG_HOME: join(folder, 'config') };
      const app = await _electron.launch({
        executablePath: executable,
        args: [...args, '--hidden'],
        env: own,
      });
      try {
        const windowCount = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
        expect(await windowCount()).toBe(0);
        const opens = app.waitForEvent('window');
        await promisify(execFile)(executable, [...args], { env: own });
        const page = await opens;
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.close();
        await expect.poll(windowCount).toBe(0);
        const opensAgain = app.waitForEvent('window');
        await promisify(execFile)(executable, [...args], { env: own });
        await (await opensAgain).getByRole('heading', { level: 1 }).waitFor();
      } finally {
        await app.close();
        await agent.stop();
        display.close();
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    WINDOW_DEADLINE_MS,
  );
});
