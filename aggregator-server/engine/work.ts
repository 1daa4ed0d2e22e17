import { webcrypto } from 'node:crypto';
import type { VectorDigests } from '../store/catalogue.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import { bytesOf, digestOf, type StagedVector, settled, stageVector } from '../store/vector-files.ts';

/** What is copied to be hashed beside this thread, at most. */
const MOST_COPIED_BYTES = 8 * 1024 * 1024;

/** The vectors of one call, each with its digest; what is new is staged once. */
export class Work {
  readonly staged: StagedVector[] = [];
  readonly #folder: string;
  readonly #digests = new Map<Float32Array, string>();
  /** Of vectors that were hashed ahead and are not staged. */
  readonly #hashed = new Map<Float32Array, string>();
  readonly #inRooms = new Set<Float32Array>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  know(vector: Float32Array, digest: string): void {
    this.#digests.set(vector, digest);
  }

  vectorOf(digest: string): Float32Array | undefined {
    for (const [vector, known] of this.#digests) if (known === digest) return vector;
    return undefined;
  }

  /** All vectors that it was told of. */
  get vectors(): Float32Array[] {
    return [...this.#digests.keys(), ...this.#hashed.keys()];
  }

  /** Hashes what has no digest yet, and stages nothing. */
  async hash(vectors: readonly (Float32Array | undefined)[]): Promise<void> {
    const fresh = this.#freshOf(vectors);
    await settled(
      fresh.map(async (vector, index) => {
        const bytes = bytesOf(vector);
        // The last here, those before it on cores that have nothing else to do.
        const isCopied = index < fresh.length - 1 && bytes.byteLength <= MOST_COPIED_BYTES;
        this.#hashed.set(vector, await (isCopied ? digestOfCopy(bytes) : digestOf(bytes)));
      }),
    );
  }

  /** Whether a copy of it lies in the room that was given for it. */
  isInRoom(vector: Float32Array): boolean {
    return this.#inRooms.has(vector);
  }

  async digestOf(vector: Float32Array): Promise<string> {
    await this.stage([vector]);
    return this.#digests.get(vector)!;
  }

  /**
   * Stages what has no digest yet, all at once, so that the disk syncs one file while another is hashed.
   * @param rooms see `stageVector`
   */
  async stage(
    vectors: readonly (Float32Array | undefined)[],
    rooms?: ReadonlyMap<Float32Array, SharedBytes>,
  ): Promise<void> {
    await settled(
      this.#freshOf(vectors).map(async (vector) => {
        const room = rooms?.get(vector);
        const staged = await stageVector(this.#folder, vector, { room, digest: this.#hashed.get(vector) });
        if (room !== undefined) this.#inRooms.add(vector);
        this.staged.push(staged);
        this.#digests.set(vector, staged.digest);
      }),
    );
  }

  async digestsOf(vectors: Readonly<Record<string, Float32Array>>): Promise<VectorDigests> {
    const digests: Record<string, string> = {};
    for (const [name, vector] of Object.entries(vectors)) digests[name] = await this.digestOf(vector);
    return digests;
  }

  #freshOf(vectors: readonly (Float32Array | undefined)[]): Float32Array[] {
    const given = [...new Set(vectors)].filter((vector) => vector !== undefined);
    return given.filter((vector) => !this.#digests.has(vector));
  }
}

/** Sha256 in hexadecimal, computed by a thread of the system's library. */
async function digestOfCopy(bytes: Uint8Array): Promise<string> {
  // No strategy computes in memory that threads share.
  const digest = await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString('hex');
}
