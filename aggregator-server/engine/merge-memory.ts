import { randomBytes } from 'node:crypto';
import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';
import { POOL_NAME_BYTES, type VectorPool } from '@genba/shared/federation/kernels/kernels';
import type { SharedBytes } from '../store/uncached-file.ts';

/** Most replies that are kept: plants that report by turns start from what they were just sent. */
const MOST_RECENT_REPLIES = 64;

/**
 * The vectors of one task that stay in memory from one call to the next, in one pool that the kernels sweep in place. All
 * threads see it: updates arrive there, results go to the disk from there, and replies are sent from there.
 */
export class MergeMemory {
  readonly #pool: VectorPool;
  /** The server's vectors by digest. */
  #held = new Map<string, Float32Array>();
  /** Newest replies by digest, oldest first; what is not among them is read from its file. */
  readonly #recent = new Map<string, Float32Array>();
  readonly #mostRecent: number;
  /** Those that updates arrive in: nothing here may keep one. */
  readonly #rooms: readonly Float32Array[];
  /** Replies that may still be being sent. */
  readonly #lent = new Set<Float32Array>();
  readonly #mostLent: number;

  /**
   * @param how.length of each vector, elements
   * @param how.workingCount vectors that calls need besides those that are kept here
   * @param how.memoryBytes see `RunnerStart`
   */
  constructor({
    length,
    workingCount,
    memoryBytes,
  }: {
    readonly length: number;
    readonly workingCount: number;
    readonly memoryBytes: number;
  }) {
    const fitting = Math.floor(memoryBytes / (length * Float32Array.BYTES_PER_ELEMENT));
    this.#mostRecent = Math.min(fitting, MOST_RECENT_REPLIES);
    // One more, so that the newest can be lent before the oldest comes back.
    this.#mostLent = this.#mostRecent === 0 ? 0 : this.#mostRecent + 1;
    const roomCount = this.#mostRecent;
    const count = workingCount + this.#mostRecent + this.#mostLent + roomCount;
    this.#pool = fastestKernels().createPool(count, length, { sharedAs: randomBytes(POOL_NAME_BYTES) });
    this.#rooms = Array.from({ length: roomCount }, () => this.#pool.take()).filter(isShared);
  }

  /** See `MergeRunner.rooms`. */
  get rooms(): SharedBytes[] {
    return this.#rooms.map(sharedBytesOf);
  }

  /** A vector with any content, to be filled. */
  take(): Float32Array {
    return this.#pool.take();
  }

  /** This memory's own vector that lies there; null where it is none of them. */
  find(memory: SharedBytes): Float32Array | null {
    return this.#pool.find(memory);
  }

  /** What is kept of this content. */
  get(digest: string): Float32Array | undefined {
    return this.#held.get(digest) ?? this.#recent.get(digest);
  }

  /** Whether updates arrive in it, so that it is what it is for one call only. */
  isRoom(vector: Float32Array): boolean {
    return this.#rooms.includes(vector);
  }

  /** Keeps the server's vectors in place of those before. */
  hold(vectors: readonly (readonly [digest: string, vector: Float32Array])[]): void {
    this.#held = new Map(vectors.filter(([, vector]) => !this.isRoom(vector)));
  }

  /** @param replaced digest of what its client has started from until now: others' need the room */
  keepRecent(reply: Float32Array, digest: string, replaced: string | undefined): void {
    if (this.isRoom(reply)) return;
    if (replaced !== undefined) this.#recent.delete(replaced);
    this.#recent.delete(digest);
    this.#recent.set(digest, reply);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= this.#mostRecent) return;
      this.#recent.delete(oldest);
    }
  }

  /** null where it must be read: it lies elsewhere, or so many are being sent that merging needs the rest. */
  lend(reply: Float32Array): SharedBytes | null {
    const isFree = isShared(reply) && !this.isRoom(reply) && !this.#lent.has(reply);
    if (!isFree || this.#lent.size >= this.#mostLent) return null;
    this.#lent.add(reply);
    return sharedBytesOf(reply);
  }

  /** Takes back what was lent: free for others with the next {@link keepOnly}. */
  giveBack(memory: SharedBytes): void {
    const vector = this.find(memory);
    if (vector !== null) this.#lent.delete(vector);
  }

  /** Gives all others back, besides what is kept here. */
  keepOnly(vectors: readonly Float32Array[]): void {
    const kept = [...this.#held.values(), ...this.#recent.values(), ...this.#lent];
    this.#pool.keepOnly([...this.#rooms, ...kept, ...vectors]);
  }

  /** Keeps nothing any more but what is lent. */
  clear(): void {
    this.#held.clear();
    this.#recent.clear();
  }
}

function isShared({ buffer }: Float32Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}

/** Only of one that {@link isShared}, which the compiler does not see. */
function sharedBytesOf({ buffer, byteOffset, byteLength }: Float32Array): SharedBytes {
  return new Uint8Array(buffer as SharedArrayBuffer, byteOffset, byteLength);
}
