import { DATA_CHUNK_BYTES, MIN_DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';

/** How much of a slow link one data frame may take, milliseconds: what a cut in its middle costs at most. */
export const FRAME_TIME_MS = 10;

/** Shortest observation that says something about a link, milliseconds. */
const MIN_OBSERVED_MS = 50;

interface Run {
  /** Update or base. */
  readonly id: string;
  readonly direction: 'up' | 'down';
  readonly offset: number;
  readonly startedMs: number;
  lastMs: number;
  /** Where it stood at its end, as far as this side knows. */
  end: number;
}

/**
 * What is known of the link from one connection to the next. A frame that was cut in its middle is sent again whole, so
 * on a slow link frames must be small; on a fast one they should be large. What the sender's own socket takes says
 * little, because the system buffers megabytes of it. So only what has arrived is counted: where the aggregator's file
 * stands when an upload is continued, and what has come of a download.
 */
export class TransferPace {
  #frameBytes = DATA_CHUNK_BYTES;
  #run: Run | null = null;
  #hasProgress = false;

  /** Payload of the next data frames, both ways, bytes. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** A transfer begins or goes on at an offset. @param id of the update or the base it carries */
  begin(direction: Run['direction'], id: string, { offset, nowMs }: { offset: number; nowMs: number }): void {
    const before = this.#run;
    if (before?.direction === 'up' && direction === 'up' && before.id === id) {
      before.end = offset;
      this.#observe(before);
    }
    this.#run = { id, direction, offset, startedMs: nowMs, lastMs: nowMs, end: offset };
  }

  /** More of a download has come: up to here. */
  received(offset: number, nowMs: number): void {
    if (this.#run?.direction !== 'down') return;
    this.#hasProgress ||= offset > this.#run.offset;
    this.#run.end = offset;
    this.#run.lastMs = nowMs;
  }

  /** The aggregator has all of the upload. */
  delivered(sizeBytes: number, nowMs: number): void {
    if (this.#run?.direction !== 'up') return;
    this.#run.end = sizeBytes;
    this.#run.lastMs = nowMs;
    this.#observe(this.#run);
    this.#run = null;
  }

  /**
   * The connection is gone.
   * @returns whether it has brought a transfer further: then the link works, if only for moments
   */
  connectionEnded(nowMs: number): boolean {
    const hasProgress = this.#hasProgress;
    this.#hasProgress = false;
    if (this.#run?.direction === 'down') {
      this.#observe(this.#run);
      this.#run = null;
    } else if (this.#run !== null) this.#run.lastMs = nowMs;
    return hasProgress;
  }

  #observe({ offset, end, startedMs, lastMs }: Run): void {
    if (end <= offset) return;
    this.#hasProgress = true;
    const elapsedMs = lastMs - startedMs;
    const bytes =
      elapsedMs < MIN_OBSERVED_MS ? DATA_CHUNK_BYTES : ((end - offset) / elapsedMs) * FRAME_TIME_MS;
    this.#frameBytes = Math.round(Math.min(DATA_CHUNK_BYTES, Math.max(MIN_DATA_CHUNK_BYTES, bytes)));
  }
}
