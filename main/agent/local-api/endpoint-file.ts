import { chmodSync, chownSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { LOCAL_API_ENDPOINT_FILE, type LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { writeDurably } from '../../durable-file/durable-file.ts';

/** Who may read the token, and so open the window: see docs/service.md. */
export type WindowReaders = 'account' | 'group';

const MODES: Readonly<Record<WindowReaders, number>> = { account: 0o600, group: 0o640 };

/**
 * Tells windows where the agent listens: those of its own account, or of everybody in the data folder's group as well.
 * On Windows, which has no such modes, the rights of the data folder decide.
 * @throws Error of the file system; the old file stands then, and nothing else is left
 */
export function writeEndpointFile(
  dataFolder: string,
  endpoint: LocalApiEndpoint,
  readers: WindowReaders = 'account',
): void {
  const file = path.join(dataFolder, LOCAL_API_ENDPOINT_FILE);
  writeDurably(file, JSON.stringify(endpoint), (temporary) => {
    if (readers === 'group') giveToGroupOf(dataFolder, temporary);
    chmodSync(temporary, MODES[readers]);
  });
}

/** A new file has the group of its process, which need not be the folder's. @throws Error unless the account is in it */
function giveToGroupOf(folder: string, file: string): void {
  if (process.platform === 'win32') return;
  const { gid } = statSync(folder);
  if (statSync(file).gid !== gid) chownSync(file, -1, gid);
}

/** The agent no longer listens. */
export function removeEndpointFile(dataFolder: string): void {
  rmSync(path.join(dataFolder, LOCAL_API_ENDPOINT_FILE), { force: true });
}
