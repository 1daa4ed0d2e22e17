import type { StagedVector } from './vector-files.ts';

/** Files written in one batch are safe from removal until the batch ends, by when the catalogue refers to them. */
export interface WeightBatch {
  /**
   * Stores a vector; on return it survives a power cut.
   * @returns its name: the sha256 of its bytes (float32, little-endian)
   */
  put(weights: Float32Array): Promise<string>;
  /** Takes in a vector that was staged, by this thread or another; its file is gone afterwards. */
  moveIn(staged: StagedVector): Promise<void>;
  end(): void;
}

/** Stored bytes, read piece by piece. */
export interface WeightReader {
  readonly sizeBytes: number;
  /** Fills `target` from a position on. @returns how many bytes, fewer than it holds only at the end */
  read(target: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/** Weight vectors named by their content. Every method may throw AppError `server/storage`. */
export interface WeightStore {
  /** Where worker threads read vectors and stage new ones. */
  readonly folder: string;
  /** Of all vectors together, bytes; those being written do not count yet. */
  readonly usedBytes: number;
  /** Of the largest vector seen since the store was opened, bytes; 0 before the first. */
  readonly largestBytes: number;
  begin(): WeightBatch;
  /** Reads a whole vector and checks its digest. @throws AppError `store/damaged` */
  read(digest: string): Promise<Float32Array>;
  /** Opens a vector for sending; the receiver checks the digest. @throws AppError `store/damaged` when missing */
  open(digest: string): Promise<WeightReader>;
  /** Names of all stored vectors. */
  list(): Promise<string[]>;
  /**
   * Removes those candidates that `unreferenced` names and no batch has touched meanwhile.
   * @returns how many were removed
   */
  removeUnreferenced(
    candidates: readonly string[],
    unreferenced: (digests: readonly string[]) => Promise<string[]>,
  ): Promise<number>;
}
