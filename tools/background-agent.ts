import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { findAgent } from '../main/agent/local-api/find-agent.ts';
import { type AgentProgram, startAgent } from '../main/desktop/agent-process.ts';

const DEADLINE_MS = 30_000;
const POLL_MS = 100;

/** The running agent of a data folder, started first when there is none; null when it does not come up. */
export async function ensureAgent(
  program: AgentProgram,
  dataFolder: string,
  settings: readonly string[],
): Promise<LocalApiEndpoint | null> {
  const running = await findAgent(dataFolder);
  if (running !== null) return running;
  const started = startAgent(program, dataFolder, settings);
  return waitFor(
    () => findAgent(dataFolder),
    () => started.problem() !== null,
  );
}

async function waitFor<Value>(
  look: () => Promise<Value | null>,
  isHopeless: () => boolean = () => false,
): Promise<Value | null> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline && !isHopeless()) {
    const value = await look();
    if (value !== null) return value;
    await sleep(POLL_MS);
  }
  return null;
}
