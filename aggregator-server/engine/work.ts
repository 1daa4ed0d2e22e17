import type { VectorDigests } from '../store/catalogue.ts';
import { type StagedVector, settled, stageVector } from '../store/vector-files.ts';

/** The vectors of one call, each with its digest; what is new is staged once. */
export class Work {
  readonly staged: StagedVector[] = [];
  readonly #folder: string;
  readonly #digests = new Map<Float32Array, string>();

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

  async digestOf(vector: Float32Array): Promise<string> {
    await this.stage([vector]);
    return this.#digests.get(vector)!;
  }

  /**
   * Stages what has no digest yet, all at once, so that the disk syncs one file while another is hashed.
   * @param how.isReadSoon see `stageVector`
   * @param how.meanwhile called when all are hashed, while the disk most often still works
   */
  async stage(
    vectors: readonly (Float32Array | undefined)[],
    {
      isReadSoon = () => true,
      meanwhile,
    }: { readonly isReadSoon?: (vector: Float32Array) => boolean; readonly meanwhile?: () => void } = {},
  ): Promise<void> {
    const given = [...new Set(vectors)].filter((vector) => vector !== undefined);
    const fresh = given.filter((vector) => !this.#digests.has(vector));
    let unhashedCount = fresh.length;
    const onHashed = () => {
      if (--unhashedCount === 0) meanwhile?.();
    };
    await settled(
      fresh.map(async (vector) => {
        const staged = await stageVector(this.#folder, vector, { isReadSoon: isReadSoon(vector), onHashed });
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
