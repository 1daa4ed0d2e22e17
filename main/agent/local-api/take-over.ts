import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { isDataFolderInUse } from '../store/read-only.ts';
import { askAgent } from './ask-agent.ts';
import { findAgent } from './find-agent.ts';

/** How often it is looked whether the data folder is free, milliseconds. */
const POLL_MS = 100;

/** How long an agent may take to answer that it will stop, milliseconds. */
const ANSWER_DEADLINE_MS = 5_000;

/** How long the operating system may take to clear a killed process away, milliseconds. */
const KILL_DEADLINE_MS = 5_000;

export interface TakeOver {
  readonly dataFolder: string;
  /** How long the other agent may take to stop, milliseconds. */
  readonly waitMs: number;
}

/** How a running agent ended. */
export type StopOutcome = 'not-running' | 'stopped' | 'killed';

/**
 * Stops the agent of a data folder, if one runs, and waits until the folder is free.
 * @param isForced end its process where it does not stop in time: no finished round is lost by that
 * @throws AppError `startup/agent-hangs` when it does not stop in time; `startup/already-running` when the folder stays
 *   in use by what has no local API; `startup/data-not-writable` where this account may not look
 */
export async function stopAgent(options: TakeOver & { readonly isForced?: boolean }): Promise<StopOutcome> {
  const { dataFolder, isForced = false } = options;
  const attempt = () => (isDataFolderInUse(dataFolder) ? null : 'free');
  try {
    const { wasAsked } = await askUntilDone(options, attempt);
    return wasAsked ? 'stopped' : 'not-running';
  } catch (thrown) {
    const hanging = toAppError(thrown).code === 'startup/agent-hangs' ? await findAgent(dataFolder) : null;
    if (!isForced || hanging === null) throw thrown;
    process.kill(hanging.pid, 'SIGKILL');
    await askUntilDone({ dataFolder, waitMs: KILL_DEADLINE_MS }, attempt);
    return 'killed';
  }
}

/**
 * Takes a data folder over from the agent that has it: asks that one to stop, and starts as soon as it has.
 * @param start opens the data folder; tried again and again while that throws `startup/already-running`
 * @throws AppError as {@link stopAgent}, and whatever else `start` throws
 */
export async function takeOver<Started>(options: TakeOver, start: () => Started): Promise<Started> {
  const { value } = await askUntilDone(options, () => {
    try {
      return { started: start() };
    } catch (thrown) {
      if (toAppError(thrown).code !== 'startup/already-running') throw thrown;
      return null;
    }
  });
  return value.started;
}

/** Tries until the attempt gives something; asks every agent that turns up meanwhile to stop, until it has heard. */
async function askUntilDone<Value>(
  { dataFolder, waitMs }: TakeOver,
  attempt: () => Value | null,
): Promise<{ readonly value: Value; readonly wasAsked: boolean }> {
  const deadline = performance.now() + waitMs;
  let asked: LocalApiEndpoint | null = null;
  let hasHeard = false;
  for (;;) {
    const running = await findAgent(dataFolder);
    if (running !== null && !(hasHeard && running.token === asked?.token)) {
      asked = running;
      hasHeard = await askToStop(running, Math.min(waitMs, ANSWER_DEADLINE_MS));
    }
    const value = attempt();
    if (value !== null) return { value, wasAsked: asked !== null };
    if (performance.now() > deadline) break;
    await sleep(POLL_MS);
  }
  if (asked === null) throw new AppError('startup/already-running', { detail: dataFolder });
  throw new AppError('startup/agent-hangs', { detail: `process ${asked.pid}` });
}

async function askToStop(endpoint: LocalApiEndpoint, deadlineMs: number): Promise<boolean> {
  return askAgent(endpoint, { id: 1, command: 'stop' }, deadlineMs).then(
    () => true,
    () => false,
  );
}
