/** A page that crashes this often in this time is not loaded again by itself. */
const MOST_CRASHES = 3;
const WITHIN_MS = 60_000;

/** Decides what follows a crash of the page: once more, or the plain page that says so. */
export class PageRecovery {
  readonly #now: () => number;
  #crashes: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The page has crashed. @returns whether to load it again */
  crashed(): 'reload' | 'give-up' {
    const now = this.#now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < WITHIN_MS), now];
    return this.#crashes.length <= MOST_CRASHES ? 'reload' : 'give-up';
  }
}
