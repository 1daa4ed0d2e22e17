/** Lets a few pieces of work run at a time, in order, and refuses more than may wait. */
export class Turns {
  readonly #atOnce: number;
  readonly #mayWait: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly atOnce: number; readonly mayWait: number }) {
    this.#atOnce = limits.atOnce;
    this.#mayWait = limits.mayWait;
  }

  /**
   * Runs the work when its turn comes.
   * @param isWanted asked when it does: nothing is done for whoever has gone
   * @returns what the work gave; `refused` where too many wait, `unwanted` where nobody waits any more
   * @throws whatever the work throws
   */
  async take<Result>(
    work: () => Promise<Result>,
    isWanted: () => boolean,
  ): Promise<Result | 'refused' | 'unwanted'> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#mayWait) return 'refused';
      // Whoever ends hands its place over, so it is never free in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return isWanted() ? await work() : 'unwanted';
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
