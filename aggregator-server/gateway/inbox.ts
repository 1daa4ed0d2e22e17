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
    if (this.isFull) this.#socket.pause();
    this.#tail = this.#tail.then(async () => {
      if (!this.#isClosed || (isKept && this.#isDraining)) await handle();
      this.#waitingBytes -= heldBytes;
      if (!this.isFull && !this.#isClosed) this.#socket.resume();
    });
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
