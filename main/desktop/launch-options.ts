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
}

interface Surroundings {
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

const DATA_ARGUMENT = '--data=';
/** Said by `npm start`, which a terminal waits for. */
const QUIT_ARGUMENT = '--quit-when-closed';

/** Reads `--data=DIR`, else GENBA_DATA, else the account's own folder. Unknown arguments are Chromium's. */
export function readLaunchOptions(given: Surroundings): LaunchOptions {
  const fromArguments = given.arguments
    .findLast((argument) => argument.startsWith(DATA_ARGUMENT))
    ?.slice(DATA_ARGUMENT.length);
  const dataFolder =
    fromArguments || given.env.GENBA_DATA || defaultDataFolder(given.platform, given.env, given.home);
  const mayStartAgent = !given.arguments.includes('--attach');
  return {
    dataFolder: resolve(dataFolder),
    mayStartAgent,
    isHidden: mayStartAgent && given.arguments.includes(HIDDEN_ARGUMENT),
    staysInTray: mayStartAgent && !given.arguments.includes(QUIT_ARGUMENT),
  };
}
