import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication } from 'playwright-core';
import { PROGRAM_TO_TEST } from '../tools/packaged-app.ts';
import { electronPath } from '../tools/requirements.ts';
import type { Display } from './virtual-display.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Chromium refuses its own sandbox to root, as which some CI containers run; the page's isolation stays on. */
const AS_ROOT = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** How the shell is started by hand, and by the system for a link or a file. */
export interface ShellStart {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

/** Whether the tests are to open the packaged program instead of the checkout (GENBA_APP=packaged). */
export const IS_PACKAGED = process.env.GENBA_APP === 'packaged';

/** The start of the shell on a data folder, with further arguments. */
export function shellStart(dataFolder: string, display: Display, further: readonly string[]): ShellStart {
  const environment = { ...process.env, ...(display.name === undefined ? {} : { DISPLAY: display.name }) };
  return {
    executable: IS_PACKAGED ? PROGRAM_TO_TEST : (electronPath() ?? ''),
    args: [...AS_ROOT, ...(IS_PACKAGED ? [] : [ROOT]), `--data=${dataFolder}`, ...further],
    env: environment as Record<string, string>,
  };
}

/** Opens the window in real Electron on the agent that runs in a data folder. */
export function launchWindow(
  dataFolder: string,
  display: Display,
  language: 'ja' | 'en',
): Promise<ElectronApplication> {
  const start = shellStart(dataFolder, display, ['--attach', `--lang=${language}`]);
  return _electron.launch({ executablePath: start.executable, args: [...start.args], env: start.env });
}
