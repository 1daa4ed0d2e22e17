import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface GuardProgram {
  /** The pinned Node. */
  readonly nodePath: string;
  /** The guard's program, bundled. */
  readonly scriptPath: string;
}

/**
 * Starts the guard of a new version, from copies: where this program lies now, another one will, or nothing. Must be
 * called with the journal written.
 * @param folder where the copies go
 */
export function startGuard(
  { nodePath, scriptPath }: GuardProgram,
  at: { readonly folder: string; readonly journal: string; readonly dataFolder: string },
): void {
  mkdirSync(at.folder, { recursive: true, mode: 0o700 });
  const node = join(at.folder, basename(nodePath));
  const script = join(at.folder, basename(scriptPath));
  copyFileSync(nodePath, node);
  copyFileSync(scriptPath, script);
  const guard = spawn(node, [script, '--journal', at.journal, '--data', at.dataFolder], {
    cwd: at.folder,
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  });
  guard.once('error', () => undefined);
  guard.unref();
}
