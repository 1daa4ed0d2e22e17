import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { askAgent } from '../../agent/local-api/ask-agent.ts';
import { findAgent, isProcessAlive } from '../../agent/local-api/find-agent.ts';

/** How long the agent may take to answer that it will stop, milliseconds. */
const ANSWER_DEADLINE_MS = 10_000;
/** How long it may take until it has, milliseconds: a batch and the database. */
const STOP_DEADLINE_MS = 60_000;
const POLL_MS = 100;

/**
 * Stops the agent of a data folder cleanly and waits until its process is gone: no file of its program is in use any
 * more, and its database is closed.
 * @param isForced end its process where it does not stop in time
 * @throws AppError `startup/agent-hangs` where it does not end, or belongs to another account
 */
export async function stopAgentForUpdate(
  dataFolder: string,
  { isForced }: { readonly isForced: boolean },
): Promise<void> {
  const agent = await findAgent(dataFolder);
  if (agent === null) return;
  if (!isOurs(agent.pid)) throw new AppError('startup/agent-hangs', { detail: `process ${agent.pid}` });
  // One that ends may close its connection before its answer is through: whether it ends is what counts.
  await askAgent(agent, { id: 1, command: 'stop' }, ANSWER_DEADLINE_MS).catch(() => undefined);
  const deadline = performance.now() + STOP_DEADLINE_MS;
  while (isProcessAlive(agent.pid)) {
    if (performance.now() > deadline) {
      if (!isForced) throw new AppError('startup/agent-hangs', { detail: `process ${agent.pid}` });
      process.kill(agent.pid, 'SIGKILL');
    }
    await sleep(POLL_MS);
  }
}

/** Whether a process lives and may be signalled by this account. */
export function isOurs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
