import type { VectorDigests } from '../store/catalogue.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import { type StagedVector, settled, stageVector } from '../store/vector-files.ts';

/** The vectors of one call, each with its digest; what is new is staged once. */
export class Work {
  readonly staged: StagedVector[] = [];
  readonly #folder: string;
  readonly #digests = new Map<Float32Array, string>();
  /** Where copies of staged vectors lie. */
  readonly #rooms = new Map<Float32Array, SharedBytes>();

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
    return [...this.#digests.keys()];
  }

  /** Those that were not taken. */
  get rooms(): SharedBytes[] {
    return [...this.#rooms.values()];
  }

  /** Takes the room that holds a copy of a staged vector; null where there is none. */
  takeRoom(vector: Float32Array): SharedBytes | null {
    const room = this.#rooms.get(vector) ?? null;
    this.#rooms.delete(vector);
    return room;
  }

  async digestOf(vector: Float32Array): Promise<string> {
    await this.stage([vector]);
    return this.#digests.get(vector)!;
  }

  /**
   * Stages what has no digest yet, all at once, so that the disk syncs one file while another is hashed.
   * @param roomFor the room of a vector, see `stageVector`; asked once for each that is staged
   */
  async stage(
    vectors: readonly (Float32Array | undefined)[],
    roomFor: (vector: Float32Array) => SharedBytes | undefined = () => undefined,
  ): Promise<void> {
    const given = [...new Set(vectors)].filter((vector) => vector !== undefined);
    const fresh = given.filter((vector) => !this.#digests.has(vector));
    await settled(
      fresh.map(async (vector) => {
        const room = roomFor(vector);
        if (room !== undefined) this.#rooms.set(vector, room);
        const staged = await stageVector(this.#folder, vector, room);
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
}
