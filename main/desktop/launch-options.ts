import { resolve } from 'node:path';
import { defaultDataFolder } from '../agent/data-folder.ts';
import { HIDDEN_ARGUMENT } from './login-start.ts';

/** What the shell is told when it is launched. */
export interface LaunchOptions {
  readonly dataFolder: string;
  /** False with `--attach`: only follow an agent that somebody else runs, as the demo does. */
  readonly mayStartAgent: boolean;
  /** With `--hidden`, as the system starts it with the PC: tray only, until somebody asks for the window. */
  readonly isHidden: boolean;
  /** Whether the shell goes on in the tray when its window is closed; not with `--attach` or `--quit-when-closed`. */
  readonly staysInTray: boolean;
  /** Folder in which the dialog for a folder begins, with `--choose-in=DIR`; null: where the system wants. */
  readonly chooseIn: string | null;
}

interface Surroundings {
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

const DATA_ARGUMENT = '--data=';
const CHOOSE_ARGUMENT = '--choose-in=';
/** Said by `npm start`, which a terminal waits for. */
const QUIT_ARGUMENT = '--quit-when-closed';

/** Reads `--data=DIR`, else GENBA_DATA, else the account's own folder. Unknown arguments are Chromium's. */
export function readLaunchOptions(given: Surroundings): LaunchOptions {
  const dataFolder =
    lastValueOf(DATA_ARGUMENT, given.arguments) ||
    given.env.GENBA_DATA ||
    defaultDataFolder(given.platform, given.env, given.home);
  const chooseIn = lastValueOf(CHOOSE_ARGUMENT, given.arguments);
  const mayStartAgent = !given.arguments.includes('--attach');
  return {
    dataFolder: resolve(dataFolder),
    mayStartAgent,
    isHidden: mayStartAgent && given.arguments.includes(HIDDEN_ARGUMENT),
    staysInTray: mayStartAgent && !given.arguments.includes(QUIT_ARGUMENT),
    chooseIn: chooseIn ? resolve(chooseIn) : null,
  };
}

/** What stands behind the `=` of an argument; the last one counts. */
function lastValueOf(name: string, given: readonly string[]): string | undefined {
  return given.findLast((argument) => argument.startsWith(name))?.slice(name.length);
}
