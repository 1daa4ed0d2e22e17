import type { AgentClient } from './agent-client.ts';

/** What the frame gives every screen. */
export interface ScreenProps {
  readonly client: AgentClient;
}
