import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** A rest begins only once it is worth a timer, milliseconds: on Windows none is finer than 16. */
const SHORTEST_REST_MS = 30;

/** A rest is cut into parts of this length at most, milliseconds: it ends soon after a `cancel`. */
const REST_PART_MS = 100;

/** How often a rest gives a sign of life, milliseconds. */
const SIGN_OF_LIFE_MS = 5_000;

/** What a pacer reads the time from, and waits with; for tests. */
export interface PacerClock {
  /** Milliseconds from any moment on. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

const CLOCK: PacerClock = { now: () => performance.now(), sleep };

/**
 * Keeps work to a share of the time: whoever works calls {@link rest} after each piece of it, and is held until the
 * share is kept.
 *
 * Equation: after w milliseconds of work, rest w (100 − p) / p; what is too short to sleep is kept for the next time, and
 * so is what a sleep took too long.
 */
export class Pacer {
  readonly #restPerWork: number;
  readonly #clock: PacerClock;
  #workingSince: number;
  #owedMs = 0;

  /** @param sharePercent above 0, 100 at most; left out: all of the time */
  constructor(sharePercent = 100, clock: PacerClock = CLOCK) {
    if (!(sharePercent > 0 && sharePercent <= 100)) throw new RangeError(`a share of ${sharePercent} %`);
    this.#restPerWork = (100 - sharePercent) / sharePercent;
    this.#clock = clock;
    this.#workingSince = clock.now();
  }

  /**
   * Rests for the work since the last rest, at least one turn of the event loop.
   * @param isOver asked all along: whether to end the rest
   * @param onSignOfLife called every few seconds of a long rest
   */
  async rest(isOver: () => boolean = () => false, onSignOfLife: () => void = () => undefined): Promise<void> {
    const workedMs = this.#clock.now() - this.#workingSince;
    this.#owedMs += workedMs * this.#restPerWork;
    await nextTurn();
    if (this.#owedMs >= SHORTEST_REST_MS) await this.#sleepOff(isOver, onSignOfLife);
    this.#workingSince = this.#clock.now();
  }

  async #sleepOff(isOver: () => boolean, onSignOfLife: () => void): Promise<void> {
    let signedAt = this.#clock.now();
    while (this.#owedMs > 0 && !isOver()) {
      const before = this.#clock.now();
      await this.#clock.sleep(Math.min(REST_PART_MS, this.#owedMs));
      const after = this.#clock.now();
      this.#owedMs -= after - before;
      if (after - signedAt < SIGN_OF_LIFE_MS) continue;
      signedAt = after;
      onSignOfLife();
    }
  }
}
