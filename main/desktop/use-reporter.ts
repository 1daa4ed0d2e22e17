import type { LocalApiEndpoint, LocalCommand } from '@genba/shared/local-api/messages';

/** How often the agent is told, milliseconds; it believes a report for three times as long. */
const REPORT_MS = 30_000;

export interface UseReporterContext {
  readonly find: () => Promise<LocalApiEndpoint | null>;
  readonly ask: (endpoint: LocalApiEndpoint, command: LocalCommand) => Promise<unknown>;
  /** Seconds since keyboard or mouse were last touched. */
  readonly idleSeconds: () => number;
  readonly isOnBattery: () => boolean;
}

/**
 * Tells the agent when somebody last touched this PC, and whether it runs on its battery: a service can see neither.
 * Without an agent, or with one that does not listen, nothing is told; it judges by itself then.
 */
export class UseReporter {
  readonly #context: UseReporterContext;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: UseReporterContext) {
    this.#context = context;
  }

  /** Tells now and from now on. */
  start(): void {
    void this.report();
    this.#timer ??= setInterval(() => void this.report(), REPORT_MS);
  }

  /** Tells no more. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Tells at once: the plug was just pulled. Never throws. */
  async report(): Promise<void> {
    const { find, ask, idleSeconds, isOnBattery } = this.#context;
    try {
      const endpoint = await find();
      if (endpoint === null) return;
      const report = { idleSeconds: idleSeconds(), isOnBattery: isOnBattery() };
      await ask(endpoint, { id: 1, command: 'report-use', ...report });
    } catch {
      // The agent is just starting or stopping: the next report comes soon.
    }
  }
}
