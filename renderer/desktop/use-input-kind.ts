import type { AgentClient } from './agent-client.ts';
import { useStatus } from './use-status.ts';

/** What the plant's model is shown. */
export type InputKind = 'pictures' | 'rows';

/** Whether the plant's task is about pictures or about rows of CSV files; null as long as it has no task. */
export function useInputKind(client: AgentClient): InputKind | null {
  return useStatus(client, ({ task }) =>
    task === null ? null : task.input === 'image' ? 'pictures' : 'rows',
  );
}
