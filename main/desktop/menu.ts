import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { ShellWords } from './words.ts';

/** The smallest menu that keeps the keys for text size, full screen and closing; hidden where that is usual. */
export function setMenu(words: ShellWords, platform: NodeJS.Platform): void {
  const view: MenuItemConstructorOptions = {
    label: words.view,
    submenu: [
      { role: 'zoomIn', label: words.larger, accelerator: 'CommandOrControl+Plus' },
      { role: 'zoomOut', label: words.smaller },
      { role: 'resetZoom', label: words.normal },
      { role: 'togglefullscreen', label: words.full },
      { type: 'separator' },
      { role: 'close', label: words.close },
    ],
  };
  // On macOS, copying and quitting work only through a menu.
  const own: MenuItemConstructorOptions[] =
    platform === 'darwin' ? [{ role: 'appMenu' }, { role: 'editMenu' }] : [];
  Menu.setApplicationMenu(Menu.buildFromTemplate([...own, view]));
}
