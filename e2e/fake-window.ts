import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { ElectronApplication, Page } from 'playwright-core';
import { buildWindows } from '../tools/build-windows.ts';
import { launchWindow, shellStart } from './electron-window.ts';
import { FakeAgent } from './fake-agent.ts';
import { switchLanguage } from './page-checks.ts';
import { type Display, openDisplay } from './virtual-display.ts';

const ACTION_DEADLINE_MS = 15_000;

/** How long a suite may take until its window is open, milliseconds. */
export const WINDOW_DEADLINE_MS = 60_000;

/** The window in real Electron, in Japanese, on a folder of its own whose agent shows what a test tells it to. */
export class FakeWindow {
  readonly display: Display;
  /** The agent's data folder. */
  readonly folder: string;
  agent: FakeAgent;
  readonly app: ElectronApplication;
  readonly page: Page;

  private constructor({ display, folder, agent, app, page }: Omit<FakeWindow, 'openAgain' | 'end'>) {
    this.display = display;
    this.folder = folder;
    this.agent = agent;
    this.app = app;
    this.page = page;
  }

  /** Builds the pages and opens the window. */
  static async open(status: AgentStatus): Promise<FakeWindow> {
    await buildWindows();
    const display = await openDisplay();
    const folder = await mkdtemp(join(tmpdir(), 'genba 画面 '));
    const agent = await FakeAgent.start(status);
    await agent.announce(folder);
    try {
      const app = await launchWindow(folder, display, 'ja');
      const page = await app.firstWindow();
      page.setDefaultTimeout(ACTION_DEADLINE_MS);
      await switchLanguage(page, 'ja');
      return new FakeWindow({ display, folder, agent, app, page });
    } catch (thrown) {
      await agent.stop();
      display.close();
      throw thrown;
    }
  }

  /** Starts the shell a second time, as the system does for what somebody clicked on. */
  async openAgain(opened: string): Promise<void> {
    await openAgain(this.folder, this.display, opened);
  }

  async end(): Promise<void> {
    await this.app.close();
    await this.agent.stop();
    this.display.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts the shell once more on a data folder, as the system does for what somebody clicked on. */
export async function openAgain(folder: string, display: Display, opened: string): Promise<void> {
  const { executable, args, env } = shellStart(folder, display, ['--attach', opened]);
  await promisify(execFile)(executable, [...args], { env });
}
