import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In the window's folder; part of the log bundle. */
export const UPDATE_LOG_FILE = 'update.log';

/** When a new file begins, bytes; one older one is kept. */
const MAX_LOG_BYTES = 1_000_000;

export interface UpdateLog {
  readonly info: (message?: unknown) => void;
  readonly warn: (message?: unknown) => void;
  readonly error: (message?: unknown) => void;
}

/** What the updater does, for IT. A log that cannot be written stops nothing. */
export function updateLog(folder: string): UpdateLog {
  const path = join(folder, UPDATE_LOG_FILE);
  const write = (level: string) => (message?: unknown) => {
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES)
        renameSync(path, `${path}.old`);
      const line = { time: new Date().toISOString(), level, msg: String(message) };
      appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch {
      // A full disk.
    }
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
