import type { AgentClient } from './agent-client.ts';

/** An agent at work is heard of within a few hundredths of a second; longer than this nobody looks at nothing. */
export const FIRST_WORD_MS = 250;

/**
 * Waits until the window knows how it stands with its agent, or does not know it in time. To draw the frame without a
 * status costs as long as the status takes to arrive, and would hold it up.
 */
export function firstWord(
  client: Pick<AgentClient, 'view' | 'subscribe'>,
  deadlineMs: number = FIRST_WORD_MS,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(), deadlineMs);
    const unsubscribe = client.subscribe(() => {
      if (client.view().contact.kind !== 'opening') end();
    });
    const end = () => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
  });
}
