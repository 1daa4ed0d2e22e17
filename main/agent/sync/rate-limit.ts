import { DATA_CHUNK_BYTES, MIN_DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';

/** How much of a limited link one data frame may take, milliseconds: the rate is even over that time. */
const FRAME_TIME_MS = 100;

/**
 * Keeps a direction at a rate: a bucket of tokens that holds no more than one piece, so that nothing is saved up while a
 * link is idle and bursts do not disturb the plant.
 */
export class RateLimit {
  readonly #bytesPerSecond: number | null;
  #freeAtMs = 0;

  /** @param bytesPerSecond null for as fast as it goes */
  constructor(bytesPerSecond: number | null) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Largest payload of a data frame that keeps the rate even, bytes. */
  get frameBytes(): number {
    if (this.#bytesPerSecond === null) return DATA_CHUNK_BYTES;
    const bytes = Math.round((this.#bytesPerSecond * FRAME_TIME_MS) / 1000);
    return Math.min(DATA_CHUNK_BYTES, Math.max(MIN_DATA_CHUNK_BYTES, bytes));
  }

  /** How long so many bytes take at this rate, milliseconds. */
  expectedMs(bytes: number): number {
    return this.#bytesPerSecond === null ? 0 : (bytes / this.#bytesPerSecond) * 1000;
  }

  /**
   * Counts a piece.
   * @param nowMs of a clock that never goes back
   * @returns how long to wait before the next piece, milliseconds
   */
  take(bytes: number, nowMs: number): number {
    if (this.#bytesPerSecond === null) return 0;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (bytes / this.#bytesPerSecond) * 1000;
    return this.#freeAtMs - nowMs;
  }
}
