import { existsSync } from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';
import type { Installation } from './installation.ts';
import { type KeptVersion, keepVersion, restoreProgram } from './kept-version.ts';
import { endTrial } from './trial.ts';
import type { UpdateEngine } from './update-engine.ts';
import type { UpdateJournal, UpdateTrial } from './update-journal.ts';
import { updateProblem } from './update-problem.ts';

export interface InstallContext {
  readonly engine: UpdateEngine;
  readonly journal: UpdateJournal;
  readonly installation: Extract<Installation, { kind: 'appimage' | 'nsis' }>;
  readonly dataFolder: string;
  /** Where the version before is kept. */
  readonly keptFolder: string;
  /** The installer that the running version came by (Windows). */
  readonly ownInstaller: string;
  /** Stops the agent, and keeps it from being started again. @throws AppError */
  readonly stopAgent: () => Promise<void>;
  /** Begins to guard the first starts of the new version, beyond this process. */
  readonly startGuard: () => void;
}

/**
 * Installs what was fetched: stops the agent, keeps program and database, writes down that a trial begins, and only then
 * has the files replaced. This program ends soon after.
 * @param versions.startsAfter whether the new version is started then
 * @throws AppError `startup/agent-hangs`, `store/disk-full`, `updates/not-installed`; all is as before then
 */
export async function installUpdate(
  { to, from, startsAfter }: { readonly to: string; readonly from: string; readonly startsAfter: boolean },
  context: InstallContext,
): Promise<void> {
  const { engine, journal, installation, dataFolder, keptFolder, ownInstaller } = context;
  const { kind, program } = installation;
  await context.stopAgent();
  let kept: KeptVersion | null = null;
  try {
    kept = keepVersion(keptFolder, { program: kind === 'appimage' ? program : ownInstaller, dataFolder });
    const trial: UpdateTrial = {
      version: to,
      from,
      starts: 0,
      process: null,
      startedAt: null,
      isLeftAlone: !startsAfter,
      installation: kind,
      program: engine.destination(program),
      earlierProgram: program,
      ...kept,
    };
    journal.write({ trial });
    if (startsAfter) context.startGuard();
    engine.install(startsAfter);
  } catch (thrown) {
    // The updater removes the old file before it has put the new one in place.
    if (kind === 'appimage' && kept?.keptProgram && !existsSync(program))
      restoreProgram(kept.keptProgram, program);
    endTrial(journal);
    throw installProblem(thrown);
  }
}

function installProblem(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const isFull = updateProblem(thrown) === 'store/disk-full';
  return new AppError(isFull ? 'store/disk-full' : 'updates/not-installed', { cause: thrown });
}
