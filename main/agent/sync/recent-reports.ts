/** How long the same thing is not said again, milliseconds. */
const SILENCE_MS = 3_600_000;

/**
 * Remembers what was logged, so that a month without a network is a few hundred lines and not a few hundred thousand:
 * whoever is offline tries again every few seconds, and fails the same way.
 */
export class RecentReports {
  readonly #saidAt = new Map<string, number>();

  /** Whether this is worth a line: it was not said within the last hour. @param kind one of a few */
  isNews(kind: string, nowMs: number): boolean {
    const saidAt = this.#saidAt.get(kind);
    // A clock that was set back makes everything news.
    if (saidAt !== undefined && nowMs >= saidAt && nowMs - saidAt < SILENCE_MS) return false;
    this.#saidAt.set(kind, nowMs);
    return true;
  }
}
