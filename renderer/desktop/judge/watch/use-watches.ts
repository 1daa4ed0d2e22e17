import type { WatchStatus } from '@genba/shared/local-api/watches';
import { useEffect, useState } from 'react';
import type { AgentClient } from '../../agent-client.ts';
import { type Told, useAnswer } from '../../use-answer.ts';

/** How often the agent is asked while somebody looks, milliseconds: a machine writes every second. */
const ASK_EVERY_MS = 1_000;

/** How the watches stand, as long as the screen is open. */
export function useWatches(
  client: AgentClient,
): Pick<Told<unknown>, 'failure' | 'ask'> & { readonly watches: readonly WatchStatus[] | null } {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTurn((before) => before + 1);
    }, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { answer, failure, ask } = useAnswer(client, { query: 'watches' }, turn);
  return { watches: answer?.watches ?? null, failure, ask };
}
