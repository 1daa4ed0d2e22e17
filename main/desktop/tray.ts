import { join } from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';
import type { AgentSight } from './agent-watcher.ts';
import type { LoginStart } from './login-start.ts';
import { type TrayActions, type TrayMood, trayMenu, trayMood, traySentence } from './tray-menu.ts';
import type { ShellWords } from './words.ts';

export interface ShellTrayContext {
  /** Where the icons lie. */
  readonly iconFolder: string;
  readonly words: () => ShellWords;
  readonly loginStart: LoginStart;
  readonly actions: Omit<TrayActions, 'setLoginStart'>;
}

/** The icon beside the clock: the agent's state at a glance, and the way back to the window. */
export class ShellTray {
  readonly #context: ShellTrayContext;
  readonly #tray: Tray;
  #sight: AgentSight = { state: 'starting' };
  #shown = '';

  constructor(context: ShellTrayContext) {
    this.#context = context;
    this.#tray = new Tray(this.#icon('resting'));
    this.#tray.on('click', context.actions.open);
    this.refresh();
  }

  /** Shows what is known now. */
  show(sight: AgentSight): void {
    this.#sight = sight;
    this.refresh();
  }

  /** Draws it anew, as after a change of the language. Costs nothing where all stays as it is. */
  refresh(): void {
    const { words, loginStart, actions } = this.#context;
    const sentence = traySentence(this.#sight, words());
    const items = trayMenu(this.#sight, words(), loginStart.isOn(), {
      ...actions,
      setLoginStart: (isWanted) => {
        loginStart.set(isWanted);
        this.refresh();
      },
    });
    const shown = JSON.stringify(items);
    // A status comes up to ten times a second, and a menu that is open would close.
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#tray.setImage(this.#icon(trayMood(this.#sight)));
    this.#tray.setToolTip(`Genba: ${sentence}`);
    this.#tray.setContextMenu(Menu.buildFromTemplate(items));
  }

  #icon(mood: TrayMood): Electron.NativeImage {
    return nativeImage.createFromPath(join(this.#context.iconFolder, `tray-${mood}.png`));
  }
}
