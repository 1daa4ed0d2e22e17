/** What is taken up in one turn of the event loop, bytes: two to three milliseconds of work. */
export const BYTES_PER_TURN = 1024 * 1024;

/**
 * Shares the event loop out among the connections: libuv alone reads up to 2 MB from each of them before it turns to
 * anything else, and a dozen plants that send at once would keep timers and each other waiting for 20 ms.
 */
export class LoopTurn {
  readonly #waiting = new Set<() => void>();
  #takenBytes = 0;
  #isEndDue = false;

  /**
   * Counts what a connection has delivered.
   * @param onNext called when the next turn begins, where this one has taken up enough
   * @returns whether it has: then the connection should deliver nothing more until it is called
   */
  take(sizeBytes: number, onNext: () => void): boolean {
    this.#takenBytes += sizeBytes;
    if (!this.#isEndDue) {
      this.#isEndDue = true;
      // Comes right after what all sockets had to say.
      setImmediate(() => this.#begin());
    }
    if (this.#takenBytes < BYTES_PER_TURN) return false;
    this.#waiting.add(onNext);
    return true;
  }

  #begin(): void {
    this.#isEndDue = false;
    this.#takenBytes = 0;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const onNext of waiting) onNext();
  }
}

/** The turns of this thread's event loop. */
export const LOOP_TURN = new LoopTurn();
