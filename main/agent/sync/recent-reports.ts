/** How long the same thing is not said again, where nothing else is asked for, milliseconds. */
const SILENCE_MS = 3_600_000;

/**
 * Remembers what was logged, so that a month without a network is a few hundred lines and not a few hundred thousand:
 * whoever is offline tries again every few seconds, and fails the same way.
 */
export class RecentReports {
  readonly #saidAt = new Map<string, number>();
  readonly #silenceMs: number;

  constructor(silenceMs = SILENCE_MS) {
    this.#silenceMs = silenceMs;
  }

  /** Whether this is worth a line: it was not said within the silence. @param kind one of a few */
  isNews(kind: string, nowMs: number): boolean {
    const saidAt = this.#saidAt.get(kind);
    // A clock that was set back makes everything news.
    if (saidAt !== undefined && nowMs >= saidAt && nowMs - saidAt < this.#silenceMs) return false;
    this.#saidAt.set(kind, nowMs);
    return true;
  }
}
