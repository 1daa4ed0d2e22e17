import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { restoreDatabase, restoreProgram } from './kept-version.ts';
import { refusing, type UpdateJournal, type UpdateTrial } from './update-journal.ts';

/** How a program is started so that it outlives whoever starts it. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
}

/** Arguments by which an installer works without a window, keeps what is set up, and starts the program at its end. */
const SILENT_INSTALL = ['--updated', '/S', '--force-run'];

export interface GoingBack {
  readonly journal: UpdateJournal;
  readonly dataFolder: string;
  /** Ends the agent of the version that does not start. @throws AppError */
  readonly stopAgent: () => Promise<void>;
  readonly now: Date;
}

/**
 * Goes back to the version before one that does not start: its program, and its database where the newer version has
 * changed the form of it. Nothing that was queued is lost by that, because an agent on trial neither trains nor sends.
 * May be cut off anywhere and done again.
 * @returns what to start then
 * @throws Error where it is not possible
 */
export async function goBack(trial: UpdateTrial, going: GoingBack): Promise<Launch> {
  const { journal, dataFolder, stopAgent, now } = going;
  const { keptProgram, keptDatabase, earlierProgram, program, version, from } = trial;
  if (keptProgram === null) throw new Error('the version before was not kept');
  await stopAgent();
  if (trial.installation === 'appimage') {
    restoreProgram(keptProgram, earlierProgram);
    if (program !== earlierProgram) rmSync(program, { force: true });
  }
  if (keptDatabase !== null) restoreDatabase(keptDatabase, dataFolder);
  journal.write({
    trial: null,
    refused: refusing(version, journal.read().refused),
    wentBack: { from: version, to: from, at: now.toISOString() },
  });
  return trial.installation === 'appimage'
    ? { program: earlierProgram, args: [] }
    : { program: keptProgram, args: SILENT_INSTALL };
}

/** A program that was started, and may outlive whoever did. */
export interface Launched {
  readonly hasEnded: () => boolean;
}

/** Starts a program on a data folder, detached. */
export function launch({ program, args }: Launch, dataFolder: string): Launched {
  const started = spawn(program, [...args], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, GENBA_DATA: dataFolder },
    windowsHide: true,
  });
  let hasEnded = false;
  for (const end of ['error', 'exit'])
    started.once(end, () => {
      hasEnded = true;
    });
  started.unref();
  return { hasEnded: () => hasEnded };
}
