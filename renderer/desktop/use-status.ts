import type { AgentStatus } from '@genba/shared/local-api/messages';
import { useCallback, useSyncExternalStore } from 'react';
import type { AgentClient } from './agent-client.ts';

/**
 * A part of the last status that was heard; draws again only when that part has changed. For screens, which the frame
 * shows once there is a status.
 */
export function useStatus<Part>(client: AgentClient, select: (status: AgentStatus) => Part): Part {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a selection names a part, it never changes its mind
  const snapshot = useCallback(() => {
    const { status } = client.view();
    if (status === null) throw new Error('No status has been heard yet.');
    return select(status);
  }, [client]);
  return useSyncExternalStore(client.subscribe, snapshot);
}

/** Whether the agent answers right now. */
export function useIsConnected(client: AgentClient): boolean {
  const snapshot = useCallback(() => client.view().contact.kind === 'connected', [client]);
  return useSyncExternalStore(client.subscribe, snapshot);
}
