import type { UpdateJournal, UpdateTrial } from './update-journal.ts';

/** Starts that a new version gets to show that it works. */
export const MOST_STARTS = 3;

/** A start that a person ends sooner than this says nothing about the version, milliseconds. */
const UNDECIDED_MS = 60_000;

/** What the journal makes of a start. */
export type StartKind =
  /** Of a version that has proven itself, or came by another way. */
  | 'ordinary'
  /** Of a new version that has yet to prove itself. */
  | 'trial'
  /** None: the version had its starts, and the one before is to come back. */
  | 'give-up';

/**
 * A start begins: counts it, on the disk, before anything of it can fail.
 * @param version of the program that starts
 * @throws Error where the disk does not take it
 */
export function beginStart(journal: UpdateJournal, version: string, now: Date): StartKind {
  const { trial } = journal.read();
  if (trial === null) return 'ordinary';
  if (version !== trial.version) {
    // The update was not carried out, or somebody has installed yet another version. This one works on with the
    // database, so what was kept of it is no longer to be put back.
    journal.write({ trial: null });
    return 'ordinary';
  }
  if (trial.starts >= MOST_STARTS) return canGoBack(trial) ? 'give-up' : 'ordinary';
  countStart(journal, trial, { process: process.pid, now });
  return 'trial';
}

/** Whether there is something to go back to. */
export function canGoBack(trial: UpdateTrial): boolean {
  return trial.keptProgram !== null;
}

/** Counts a start of the version on trial. @param process null where it never got as far as to say so */
export function countStart(
  journal: UpdateJournal,
  trial: UpdateTrial,
  start: { readonly process: number | null; readonly now: Date },
): void {
  const { process, now } = start;
  journal.write({
    trial: {
      ...trial,
      starts: trial.starts + 1,
      process,
      startedAt: now.toISOString(),
      isLeftAlone: false,
    },
  });
}

/** The version has painted its window and its agent has answered: it is the one to keep. @throws Error as {@link beginStart} */
export function endTrial(journal: UpdateJournal): void {
  if (journal.read().trial !== null) journal.write({ trial: null });
}

/** A person ends the start of a version on trial: one that was too short to tell does not count. */
export function leaveStart(journal: UpdateJournal, now: Date): void {
  const { trial } = journal.read();
  if (trial === null || trial.process !== process.pid || trial.startedAt === null) return;
  const isUndecided = now.getTime() - Date.parse(trial.startedAt) < UNDECIDED_MS;
  const starts = isUndecided ? trial.starts - 1 : trial.starts;
  journal.write({ trial: { ...trial, starts, process: null, isLeftAlone: true } });
}
