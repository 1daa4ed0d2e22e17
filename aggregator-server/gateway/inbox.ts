import { LOOP_TURN } from './loop-turn.ts';

/** How much may wait before the peer is asked to pause, bytes. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** What a waiting frame takes besides its bytes: empty ones must not wait without limit either. */
const FRAME_OVERHEAD_BYTES = 512;

/** The part of a socket that an inbox controls. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * Handles a connection's frames one after the other, in order. When the handling falls behind (a slow disk), the
 * socket pauses, so that memory stays bounded and TCP slows the peer down.
 */
export class Inbox {
  readonly #socket: Pausable;
  #tail: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #isClosed = false;
  #isDraining = false;
  /** Whether the event loop has taken up enough for this turn. */
  #isTurnOver = false;
  readonly #onNextTurn = () => {
    this.#isTurnOver = false;
    this.#resume();
  };

  constructor(socket: Pausable) {
    this.#socket = socket;
  }

  /** Whether frames wait because of us: such a peer's silence says nothing about it. */
  get isFull(): boolean {
    return this.#waitingBytes > HIGH_WATER_BYTES;
  }

  /**
   * @param item.isKept whether it is handled also after the inbox was closed, because it has come all the same
   * @param handle must not reject: it answers its own errors
   */
  add({ sizeBytes, isKept }: { sizeBytes: number; isKept: boolean }, handle: () => Promise<void>): void {
    if (this.#isClosed) return;
    const heldBytes = sizeBytes + FRAME_OVERHEAD_BYTES;
    this.#waitingBytes += heldBytes;
    this.#isTurnOver = LOOP_TURN.take(heldBytes, this.#onNextTurn);
    if (this.isFull || this.#isTurnOver) this.#socket.pause();
    this.#tail = this.#tail.then(async () => {
      if (!this.#isClosed || (isKept && this.#isDraining)) await handle();
      this.#waitingBytes -= heldBytes;
      this.#resume();
    });
  }

  #resume(): void {
    if (!this.isFull && !this.#isTurnOver && !this.#isClosed) this.#socket.resume();
  }

  /**
   * Takes nothing more; resolves when the last frame is handled.
   * @param how.isDrained whether frames that are to be kept are handled first; else all that waits is dropped
   */
  close({ isDrained }: { isDrained: boolean }): Promise<void> {
    this.#isClosed = true;
    this.#isDraining = isDrained;
    return this.#tail;
  }
}
