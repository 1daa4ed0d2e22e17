import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import type { WindowEndpoint } from '@genba/shared/local-api/window';

/** How soon it is looked again for an agent that is not there, milliseconds. */
const LOOK_AGAIN_MS = 2_000;

/** What is known of the agent at the moment. */
export type AgentSight = { readonly state: 'starting' | 'absent' } | { readonly status: AgentStatus };

export interface AgentWatcherContext {
  /** Says where the agent is, and starts it where it is missing. */
  readonly endpoint: () => Promise<WindowEndpoint>;
  readonly find: () => Promise<LocalApiEndpoint | null>;
  /** Hears each status until the listener says true, or the agent ends (then it throws). */
  readonly follow: (
    endpoint: LocalApiEndpoint,
    listener: (status: AgentStatus) => boolean,
  ) => Promise<unknown>;
  readonly seen: (sight: AgentSight) => void;
}

/**
 * Watches the agent for as long as the shell lives, with or without a window, and so keeps it alive: an agent that has
 * crashed is started again, ever later where it crashes again and again.
 */
export class AgentWatcher {
  readonly #context: AgentWatcherContext;
  #end = new AbortController();

  constructor(context: AgentWatcherContext) {
    this.#context = context;
  }

  /** Ends the watch; nothing is started any more. */
  stop(): void {
    this.#end.abort();
  }

  /** Watches until {@link stop}, also once more after that. Never throws. */
  async run(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#lookOnce();
      await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #lookOnce(): Promise<void> {
    const { endpoint, find, follow, seen } = this.#context;
    try {
      const { state } = await endpoint();
      const found = state === 'ready' ? await find() : null;
      if (found === null) {
        seen({ state: state === 'starting' ? 'starting' : 'absent' });
        return;
      }
      await follow(found, (status) => {
        seen({ status });
        return this.#end.signal.aborted;
      });
    } catch {
      // It has ended, or its folder cannot be read.
      if (!this.#end.signal.aborted) seen({ state: 'absent' });
    }
  }
}
