import { type SharedBytes, sharedBytes } from './uncached-file.ts';
import type { WeightReader } from './weight-store.ts';

/** Most that updates take in memory to be merged without being read, and as much that newest replies do, and answers on their way out, bytes. */
export const DEFAULT_MERGE_MEMORY_BYTES = 16 * 1024 * 1024;

/** An update that waits to be merged. */
interface Kept {
  readonly bytes: SharedBytes;
  /** Who reads it ahead of its merge. */
  readerCount: number;
  isForgotten: boolean;
}

interface Answer {
  readonly bytes: SharedBytes;
  /** Called when nobody sends from it any more. */
  readonly release: () => void;
  /** Who sends from it at the moment. */
  readerCount: number;
  /** Whether it was sent to its end, which is all that it is for. */
  isSent: boolean;
}

/**
 * The weights of updates that were proved while they arrived and wait for their merge, and those they were answered
 * with, until they are sent. What is merged then is what was proved, what is sent is what was stored, and no file need
 * be read for it. Their memory goes round and is bounded: where there is none, files are read, as they are after a
 * restart.
 */
export class ProvedWeights {
  readonly #mostBytes: number;
  /** Updates by digest. */
  readonly #kept = new Map<string, Kept>();
  /** By digest, oldest first. */
  readonly #answers = new Map<string, Answer>();
  /** What was used last comes first: the rest of what was lent may never be touched, and then takes no memory. */
  readonly #free: SharedBytes[] = [];
  #usedBytes = 0;
  #answerBytes = 0;

  constructor(mostBytes = DEFAULT_MERGE_MEMORY_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Takes memory of whoever merges, from which it need not copy: lent from now on, as far as there may be so much. */
  adopt(rooms: readonly SharedBytes[]): void {
    for (const room of rooms) {
      if (this.#usedBytes + room.byteLength > this.#mostBytes) return;
      this.#usedBytes += room.byteLength;
      this.#free.push(room);
    }
  }

  /** Memory for an update that begins to arrive; null when too much is in use. It comes back by one of the methods below. */
  lend(sizeBytes: number): SharedBytes | null {
    const index = this.#free.findIndex(({ byteLength }) => byteLength === sizeBytes);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    // What is free has other sizes: those of other tasks.
    while (this.#usedBytes + sizeBytes > this.#mostBytes && this.#free.length > 0) {
      this.#usedBytes -= this.#free.pop()!.byteLength;
    }
    if (this.#usedBytes + sizeBytes > this.#mostBytes) return null;
    this.#usedBytes += sizeBytes;
    return sharedBytes(sizeBytes);
  }

  /** Keeps lent memory that holds exactly the bytes of this digest, an update's. */
  keep(digest: string, bytes: SharedBytes): void {
    this.forget(digest);
    this.#kept.set(digest, { bytes, readerCount: 0, isForgotten: false });
  }

  /** The weights of this digest, which the caller may write over and gives back; null where they must be read. */
  take(digest: string): SharedBytes | null {
    const kept = this.#kept.get(digest);
    if (kept === undefined || kept.readerCount > 0) return null;
    this.#kept.delete(digest);
    return kept.bytes;
  }

  /**
   * The same for who only looks at them ahead of their merge.
   * @returns besides, the function that ends it: should they be forgotten before, their memory goes nowhere until then
   */
  read(digest: string): { readonly bytes: SharedBytes; readonly end: () => void } | null {
    const kept = this.#kept.get(digest);
    if (kept === undefined) return null;
    kept.readerCount++;
    const end = () => {
      kept.readerCount--;
      if (kept.isForgotten && kept.readerCount === 0) this.giveBack(kept.bytes);
    };
    return { bytes: kept.bytes, end };
  }

  /** Takes memory back that nobody reads or writes any more. */
  giveBack(bytes: SharedBytes): void {
    this.#free.unshift(bytes);
  }

  /** Lets go of an update that will not be merged from memory. */
  forget(digest: string): void {
    const kept = this.#kept.get(digest);
    if (kept === undefined) return;
    this.#kept.delete(digest);
    kept.isForgotten = true;
    if (kept.readerCount === 0) this.giveBack(kept.bytes);
  }

  /**
   * Keeps memory that holds exactly the bytes of this digest, an answer's, until they are sent or there are too many.
   * @param release called when it is not needed any more
   */
  keepAnswer(digest: string, bytes: SharedBytes, release: () => void): void {
    if (this.#answers.has(digest)) {
      release();
      return;
    }
    this.#answers.set(digest, { bytes, release, readerCount: 0, isSent: false });
    this.#answerBytes += bytes.byteLength;
    for (const [oldest, { readerCount }] of this.#answers) {
      if (this.#answerBytes <= this.#mostBytes) return;
      // The least likely to be fetched soon, and it can be read from its file.
      if (readerCount === 0) this.#dropAnswer(oldest);
    }
  }

  #dropAnswer(digest: string): void {
    const { bytes, release } = this.#answers.get(digest)!;
    this.#answers.delete(digest);
    this.#answerBytes -= bytes.byteLength;
    release();
  }

  /** Opens an answer to be sent; null where its file must be read. */
  openAnswer(digest: string): WeightReader | null {
    const answer = this.#answers.get(digest);
    if (answer === undefined) return null;
    answer.readerCount++;
    let isOpen = true;
    return {
      sizeBytes: answer.bytes.byteLength,
      read: async (target, offset) => {
        const piece = answer.bytes.subarray(offset, offset + target.byteLength);
        target.set(piece);
        answer.isSent ||= offset + piece.byteLength === answer.bytes.byteLength;
        return piece.byteLength;
      },
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        answer.readerCount--;
        // Others may have closed it before, and another of the same content have come.
        const isKept = this.#answers.get(digest) === answer;
        if (answer.readerCount === 0 && answer.isSent && isKept) this.#dropAnswer(digest);
      },
    };
  }
}
