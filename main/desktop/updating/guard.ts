import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '../../agent/local-api/find-agent.ts';
import { goBack, type Launch, type Launched, launch } from './go-back.ts';
import { canGoBack, countStart, MOST_STARTS } from './trial.ts';
import type { UpdateJournal, UpdateTrial } from './update-journal.ts';

export interface GuardPatience {
  /** How often the journal is read, milliseconds. */
  readonly lookMs: number;
  /** How long a start may take to write itself down, milliseconds; the first one includes the installation. */
  readonly beginMs: number;
  /** How long a start may take to succeed, milliseconds. */
  readonly succeedMs: number;
}

/** An AppImage begins in seconds, also on a slow disk; an installer unpacks some hundred megabytes first. */
export const PATIENCE: Readonly<Record<UpdateTrial['installation'], GuardPatience>> = {
  appimage: { lookMs: 500, beginMs: 60_000, succeedMs: 180_000 },
  nsis: { lookMs: 500, beginMs: 900_000, succeedMs: 180_000 },
};

export interface GuardContext {
  readonly journal: UpdateJournal;
  readonly dataFolder: string;
  /** The version whose first starts are guarded. */
  readonly version: string;
  readonly patience: GuardPatience;
  readonly stopAgent: () => Promise<void>;
  readonly now: () => Date;
  readonly start?: (wanted: Launch) => Launched;
}

/** How it went with a new version. */
export type GuardOutcome = 'proven' | 'went-back' | 'left-alone' | 'stuck';

/**
 * Guards the first starts of a new version from outside of it: one that ends at once can neither count nor help itself.
 * Starts it again until it has had its starts, then goes back to the version before. Ends as soon as the version has
 * proven itself, a person has closed it, or somebody else has gone back.
 */
export async function guard(context: GuardContext): Promise<GuardOutcome> {
  const { journal, version, patience, dataFolder, now } = context;
  const start = context.start ?? ((wanted: Launch) => launch(wanted, dataFolder));
  let launchedAt = now().getTime();
  // The first start is the updater's, and told by the journal alone.
  let launched: Launched | null = null;
  let counted = 0;
  for (;;) {
    await sleep(patience.lookMs);
    const { trial, refused } = journal.read();
    if (trial?.version !== version) return refused.includes(version) ? 'went-back' : 'proven';
    if (trial.isLeftAlone) return 'left-alone';
    const known = { counted, launchedAt, hasEnded: launched?.hasEnded() ?? false };
    const stateOfStart = startState(trial, { ...known, nowMs: now().getTime(), patience });
    if (stateOfStart === 'going-on') continue;
    // One that never got as far as to count itself.
    if (trial.starts === counted) countStart(journal, trial, { process: null, now: now() });
    else if (trial.process !== null && isProcessAlive(trial.process)) kill(trial.process);
    counted = journal.read().trial?.starts ?? counted;
    if (counted >= MOST_STARTS) return end(context, start);
    launchedAt = now().getTime();
    launched = start({ program: trial.program, args: [] });
  }
}

/** Whether the newest start may still succeed. */
function startState(
  trial: UpdateTrial,
  known: {
    /** Starts that were over. */
    readonly counted: number;
    readonly launchedAt: number;
    /** What was launched has ended again. */
    readonly hasEnded: boolean;
    readonly nowMs: number;
    readonly patience: GuardPatience;
  },
): 'going-on' | 'over' {
  const { counted, launchedAt, hasEnded, nowMs, patience } = known;
  const hasBegun = trial.starts > counted;
  if (!hasBegun) return !hasEnded && nowMs - launchedAt < patience.beginMs ? 'going-on' : 'over';
  const isRunning = trial.process !== null && isProcessAlive(trial.process);
  const isInTime = nowMs - Date.parse(trial.startedAt ?? '') < patience.succeedMs;
  return isRunning && isInTime ? 'going-on' : 'over';
}

async function end(context: GuardContext, start: (wanted: Launch) => Launched): Promise<GuardOutcome> {
  const { journal, dataFolder, stopAgent, now } = context;
  const { trial } = journal.read();
  if (trial === null || !canGoBack(trial)) return 'stuck';
  start(await goBack(trial, { journal, dataFolder, stopAgent, now: now() }));
  return 'went-back';
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
