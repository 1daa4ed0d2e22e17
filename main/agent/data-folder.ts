import { posix, win32 } from 'node:path';

/** Name of the agent's database in its data folder. */
export const DATABASE_FILE = 'agent.sqlite';

/** Where an agent keeps everything when nobody says otherwise: one folder per account, by the system's custom. */
export function defaultDataFolder(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  switch (platform) {
    case 'win32':
      return win32.join(env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), 'Genba');
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', 'Genba');
    default:
      return posix.join(absolute(env.XDG_DATA_HOME) ?? posix.join(home, '.local', 'share'), 'genba');
  }
}

/** The XDG rule says that relative paths in its variables are to be ignored. */
function absolute(path: string | undefined): string | null {
  return path !== undefined && posix.isAbsolute(path) ? path : null;
}
