/** Most that updates, and as much that replies, take in memory to be merged without being read, bytes. */
export const DEFAULT_MERGE_MEMORY_BYTES = 16 * 1024 * 1024;

/** Memory of one update, which all threads can see. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/**
 * The weights of updates that were proved while they arrived and wait for their merge. What is merged then is what was
 * proved, and its file need not be read and hashed again. Their memory goes round and is bounded: an update for which
 * there is none is read from its file, as it is after a restart.
 */
export class ProvedWeights {
  readonly #mostBytes: number;
  /** By digest, oldest first. */
  readonly #kept = new Map<string, SharedBytes>();
  #free: SharedBytes[] = [];
  #usedBytes = 0;

  constructor(mostBytes = DEFAULT_MERGE_MEMORY_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Memory for an update that begins to arrive; null when too much is in use. It comes back by one of the methods below. */
  lend(sizeBytes: number): SharedBytes | null {
    const index = this.#free.findIndex(({ byteLength }) => byteLength === sizeBytes);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    for (const { byteLength } of this.#free.splice(0)) this.#usedBytes -= byteLength;
    for (const [digest, { byteLength }] of this.#kept) {
      if (this.#usedBytes + sizeBytes <= this.#mostBytes) break;
      // The oldest is the least likely to be merged from memory: its update was set aside, or known already.
      this.#kept.delete(digest);
      this.#usedBytes -= byteLength;
    }
    if (this.#usedBytes + sizeBytes > this.#mostBytes) return null;
    this.#usedBytes += sizeBytes;
    return new Uint8Array(new SharedArrayBuffer(sizeBytes));
  }

  /** Keeps lent memory that holds exactly the bytes of this digest. */
  keep(digest: string, bytes: SharedBytes): void {
    const former = this.#kept.get(digest);
    if (former !== undefined) this.giveBack(former);
    this.#kept.set(digest, bytes);
  }

  /** The weights of this digest, which the caller gives back; null where they must be read. */
  take(digest: string): SharedBytes | null {
    const bytes = this.#kept.get(digest) ?? null;
    this.#kept.delete(digest);
    return bytes;
  }

  /** Takes memory back that nobody reads or writes any more. */
  giveBack(bytes: SharedBytes): void {
    this.#free.push(bytes);
  }
}
