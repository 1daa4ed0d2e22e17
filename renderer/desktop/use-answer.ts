import { useCallback, useEffect, useState } from 'react';
import type { AgentClient } from './agent-client.ts';
import type { AnsweredQuery, AnswerTo, QueryWish } from './agent-requests.ts';
import type { Failure } from './agent-view.ts';
import { useIsConnected } from './use-status.ts';

/** What a screen has been told. */
export interface Told<Answer> {
  /** The newest answer, however old; null before the first. */
  readonly answer: Answer | null;
  /** Why the newest question was not answered; null where it was, or has not been yet. */
  readonly failure: Failure | null;
  /** Asks again. */
  readonly ask: () => void;
}

/**
 * Asks the agent when the screen opens, after each time contact was lost, and whenever `about` is another value.
 * @param wish the same object, or one of the same content, each time
 * @param about part of the status that the answer depends on
 */
export function useAnswer<Query extends AnsweredQuery>(
  client: AgentClient,
  wish: Extract<QueryWish, { query: Query }>,
  about: unknown,
): Told<AnswerTo<Query>> {
  const isConnected = useIsConnected(client);
  const [told, setTold] = useState<Omit<Told<AnswerTo<Query>>, 'ask'>>({ answer: null, failure: null });
  const content = JSON.stringify(wish);
  const ask = useCallback(() => {
    const again = JSON.parse(content) as Extract<QueryWish, { query: Query }>;
    void client.ask<Query>(again).then((outcome) => {
      if (outcome.kind === 'answered') setTold({ answer: outcome.answer, failure: null });
      else setTold((before) => ({ ...before, failure: outcome }));
    });
  }, [client, content]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the answer depends on is not asked with
  useEffect(() => {
    if (isConnected) ask();
  }, [ask, isConnected, about]);
  return { ...told, ask };
}
