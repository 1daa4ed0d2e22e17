import { join } from 'node:path';
import { BrowserWindow } from 'electron';
import { lockNavigation } from './lock-down.ts';
import { FAILED_PAGE_ADDRESS, PAGE_ADDRESS } from './page-address.ts';
import { PageRecovery } from './page-recovery.ts';

/** The page's own background, so that nothing flashes before the first paint. */
const BACKGROUND = '#f3f5f1';

/** Opens the plant's window: sandboxed, isolated, on our page for good. It is to be shown when it is ready. */
export function openWindow(preloadFolder: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 920,
    minWidth: 480,
    minHeight: 400,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: BACKGROUND,
    title: 'Genba',
    webPreferences: {
      preload: join(preloadFolder, 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  lockNavigation(window.webContents);
  const recovery = new PageRecovery(Date.now);
  window.webContents.on('render-process-gone', (_, { reason }) => {
    // The agent works on; only its window fell over.
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    void window.loadURL(recovery.crashed() === 'reload' ? PAGE_ADDRESS : FAILED_PAGE_ADDRESS);
  });
  // A page that answers nobody any more never ends by itself, and shows a state that is no longer true.
  window.on('unresponsive', () => window.webContents.forcefullyCrashRenderer());
  void window.loadURL(PAGE_ADDRESS);
  return window;
}
