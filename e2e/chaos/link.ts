import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Which way bytes go: `up` from the plant to the aggregator. */
export type Direction = 'up' | 'down';

/** Something that is to happen to the byte that comes after so many others in one direction. */
export interface Trap {
  readonly direction: Direction;
  bytesLeft: number;
  /** Only what comes in pieces of at least so many bytes counts: weights, where it is more than any message has. */
  readonly leastPieceBytes: number;
  /** Changes the byte by these bits; 0 cuts the connection before it. */
  readonly flipBits: number;
  readonly onSprung: () => void;
}

/** What all connections of one proxy suffer at the moment. */
export interface Weather {
  /** Wait before each piece is passed on, milliseconds. */
  delayMs: number;
  /** Bytes passed on at a time, with a pause after each; null: all at once. */
  sliceBytes: number | null;
  readonly traps: Set<Trap>;
  /** Counts what was slowed down. */
  slowedPieces: number;
}

/** Pause after each slice while a connection is throttled, milliseconds. */
const SLICE_PAUSE_MS = 10;

/** One connection through a proxy: two sockets and what happens between them. */
export class Link {
  readonly near: Socket;
  readonly far: Socket;
  readonly closed: Promise<void>;
  /** Bytes passed on to the aggregator. */
  bytesUp = 0;
  readonly #weather: Weather;
  #isOpen = true;
  #isTorn = false;
  #thaw: PromiseWithResolvers<void> | null = null;
  #held = Promise.withResolvers<void>();

  constructor(near: Socket, far: Socket, weather: Weather) {
    this.near = near;
    this.far = far;
    this.#weather = weather;
    const ends = [near, far].map((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      return new Promise<void>((resolve) => socket.once('close', () => resolve()));
    });
    this.closed = Promise.all(ends).then(() => {
      this.#isOpen = false;
    });
    void this.#carry('up', near, far);
    void this.#carry('down', far, near);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Breaks it at once, both ways, without a goodbye. */
  cut(): void {
    this.#thaw?.resolve();
    for (const socket of [this.near, this.far]) socket.resetAndDestroy();
  }

  /** Says goodbye to both ends, and is gone. */
  async end(): Promise<void> {
    this.#thaw?.resolve();
    for (const socket of [this.near, this.far]) socket.end();
    await Promise.race([this.closed, sleep(300)]);
    this.cut();
  }

  /** Passes nothing on any more, until {@link thaw}. */
  freeze(): void {
    if (this.#thaw !== null) return;
    this.#thaw = Promise.withResolvers<void>();
    this.#held = Promise.withResolvers<void>();
  }

  /** Resolves when something on its way up waits for the thaw. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  /** Passes on what has waited. */
  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = null;
  }

  async #carry(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const piece of from) await this.#pass(direction, piece as Buffer, to);
      // What `from` has ended may still be answered: half a connection is one, too.
      to.end();
    } catch {
      // One end is gone without a goodbye.
      if (this.#thaw === null) this.cut();
      else to.resetAndDestroy();
    }
  }

  async #pass(direction: Direction, piece: Buffer, to: Socket): Promise<void> {
    const { delayMs, sliceBytes } = this.#weather;
    if (delayMs > 0 || sliceBytes !== null) this.#weather.slowedPieces += 1;
    if (delayMs > 0) await sleep(delayMs);
    const step = sliceBytes ?? piece.byteLength;
    for (let start = 0; start < piece.byteLength; start += step) {
      if (this.#thaw !== null) {
        if (direction === 'up') this.#held.resolve();
        await this.#thaw.promise;
      }
      const slice = piece.subarray(start, start + step);
      await this.#write(slice.subarray(0, this.#spring(direction, slice, piece.byteLength)), to);
      if (this.#isTorn) throw new Error('torn');
      if (direction === 'up') this.bytesUp += slice.byteLength;
      if (sliceBytes !== null) await sleep(SLICE_PAUSE_MS);
    }
  }

  /**
   * Springs what is due within this slice.
   * @returns how many of its bytes get through
   */
  #spring(direction: Direction, slice: Buffer, pieceBytes: number): number {
    for (const trap of this.#weather.traps) {
      if (trap.direction !== direction || pieceBytes < trap.leastPieceBytes) continue;
      if (trap.bytesLeft >= slice.byteLength) {
        trap.bytesLeft -= slice.byteLength;
        continue;
      }
      this.#weather.traps.delete(trap);
      trap.onSprung();
      if (trap.flipBits === 0) {
        this.#isTorn = true;
        return trap.bytesLeft;
      }
      slice[trap.bytesLeft]! ^= trap.flipBits;
    }
    return slice.byteLength;
  }

  async #write(slice: Buffer, to: Socket): Promise<void> {
    if (to.destroyed) throw new Error('gone');
    const { promise: isWritten, resolve } = Promise.withResolvers<void>();
    const hasRoom = to.write(slice, () => resolve());
    // The last bytes before a cut have to be on their way before it.
    if (!hasRoom || this.#isTorn) await Promise.race([isWritten, this.closed]);
  }
}
