import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import type { WindowEndpoint } from '@genba/shared/local-api/window';
import type { StartedAgent } from './agent-process.ts';

/** An agent that restarts by itself, as a service does, gets this long before we start one. */
export const RESTART_GRACE_MS = 2_000;
/** How long a started agent may take until it answers. */
export const START_DEADLINE_MS = 30_000;
/** A broken agent is not started again and again: this long after the first start, twice as long each time. */
export const NEXT_START_MS = 10_000;
/** Longest time between two starts. */
export const LONGEST_WAIT_MS = 300_000;
/** An agent that has answered this long is not broken. */
export const STEADY_MS = 60_000;

export interface AgentFollowerOptions {
  readonly find: () => Promise<LocalApiEndpoint | null>;
  /** Null: only follow, never start. */
  readonly start: (() => StartedAgent) | null;
  readonly now: () => number;
}

/**
 * Knows where the agent is at any moment, and starts one where none runs. It holds no endpoint: each question is
 * answered from the data folder, so a restarted agent is found by its new port and token.
 */
export class AgentFollower {
  #lastFoundAt = Number.NEGATIVE_INFINITY;
  #started: { readonly agent: StartedAgent; readonly at: number } | null = null;
  #failedAt = Number.NEGATIVE_INFINITY;
  #isSuspended = false;
  /** Starts in a row that ended soon. */
  #brokenCount = 0;
  readonly #options: AgentFollowerOptions;

  constructor(options: AgentFollowerOptions) {
    this.#options = options;
  }

  /** Starts none for the time being: the agent has been stopped on purpose. */
  suspend(isSuspended: boolean): void {
    this.#isSuspended = isSuspended;
  }

  /** Where the agent is now; starts it when it is missing. */
  async endpoint(): Promise<WindowEndpoint> {
    const found = await this.#options.find();
    const now = this.#options.now();
    if (found !== null) {
      this.#lastFoundAt = now;
      if (this.#started !== null && now - this.#started.at >= STEADY_MS) this.#brokenCount = 0;
      return { state: 'ready', address: found.address, token: found.token };
    }
    if (this.#isSuspended) return { state: 'starting' };
    if (this.#options.start === null) return { state: 'absent', problem: null };
    if (now - this.#lastFoundAt < RESTART_GRACE_MS) return { state: 'absent', problem: null };
    return this.#ensureStarted(this.#options.start, now);
  }

  #ensureStarted(start: () => StartedAgent, now: number): WindowEndpoint {
    const started = this.#started;
    const problem = started?.agent.problem() ?? null;
    if (started !== null && problem === null) {
      const isLate = now - started.at > START_DEADLINE_MS;
      return isLate ? { state: 'absent', problem: null } : { state: 'starting' };
    }
    const waitMs = Math.min(NEXT_START_MS * 2 ** this.#brokenCount, LONGEST_WAIT_MS);
    if (started !== null && now - started.at < waitMs) return { state: 'absent', problem };
    if (now - this.#failedAt < NEXT_START_MS)
      return { state: 'absent', problem: 'startup/data-not-writable' };
    try {
      this.#started = { agent: start(), at: now };
      if (started !== null) this.#brokenCount++;
    } catch {
      this.#failedAt = now;
      return { state: 'absent', problem: 'startup/data-not-writable' };
    }
    return { state: 'starting' };
  }
}
