import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Said by the system when it starts the shell with the PC: no window opens. */
export const HIDDEN_ARGUMENT = '--hidden';

/** Whether the system starts the shell when somebody logs in. */
export interface LoginStart {
  readonly isOn: () => boolean;
  /** Never throws; {@link isOn} tells what came of it. */
  readonly set: (isWanted: boolean) => void;
}

/** By a file, as Linux desktops have agreed (XDG autostart). @param command program and arguments */
export function xdgLoginStart(file: string, command: readonly string[]): LoginStart {
  return {
    isOn: () => {
      try {
        return !/^Hidden\s*=\s*true\s*$/im.test(readFileSync(file, 'utf8'));
      } catch {
        return false;
      }
    },
    set: (isWanted) => {
      try {
        if (!isWanted) return rmSync(file, { force: true });
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, desktopEntry(command));
      } catch {
        // A home that cannot be written: it stays as it is.
      }
    },
  };
}

/** By the system's own list, as on Windows and macOS. */
export function systemLoginStart(
  app: Pick<Electron.App, 'getLoginItemSettings' | 'setLoginItemSettings'>,
): LoginStart {
  const args = [HIDDEN_ARGUMENT];
  return {
    isOn: () => app.getLoginItemSettings({ args }).openAtLogin,
    set: (isWanted) => app.setLoginItemSettings({ openAtLogin: isWanted, args }),
  };
}

function desktopEntry(command: readonly string[]): string {
  // TryExec: ignored, not complained of, once the program was removed.
  return `[Desktop Entry]
Type=Application
Name=Genba
TryExec=${command[0]!.replaceAll('\\', '\\\\')}
Exec=${command.map(quoted).join(' ')}
Terminal=false
X-GNOME-Autostart-enabled=true
`;
}

/** An argument as the Desktop Entry Specification wants it: quoted, then escaped once more as a string of the file. */
function quoted(argument: string): string {
  const inQuotes = argument.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%');
  return `"${inQuotes.replaceAll('\\', '\\\\')}"`;
}
