import { mkdir, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, renameDurably, syncFolder } from './durable-file.ts';
import { ProvedWeights } from './proved-weights.ts';
import { asStorage, errorCodeOf, storageError } from './storage-error.ts';
import {
  openVector,
  readVector,
  stageVector,
  TEMPORARY_FOLDER,
  WEIGHT_FOLDERS,
  weightFilePath,
} from './vector-files.ts';
import { fill } from './verified-read.ts';
import type { WeightBatch, WeightReader, WeightStore } from './weight-store.ts';

export { weightFilePath } from './vector-files.ts';

const DIGEST_PATTERN = /^[0-9a-f]{64}$/;

/** Names of all vectors below the folder of a store, which another process may hold. */
export async function listWeightFiles(folder: string): Promise<string[]> {
  const digests: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === TEMPORARY_FOLDER) continue;
    const names = await readdir(join(folder, entry.name));
    digests.push(...names.filter((name) => DIGEST_PATTERN.test(name)));
  }
  return digests;
}

/** Weight vectors as files named by their content; one process per folder. */
export class WeightFiles implements WeightStore {
  readonly #folder: string;
  /** How many batches hold each digest. */
  readonly #pins = new Map<string, number>();
  /** One set per running removal: digests that a batch touched since it began. */
  readonly #removals = new Set<Set<string>>();
  /** The last work on each file that is under way. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Bytes of each file, by its digest. */
  readonly #sizes = new Map<string, number>();
  #usedBytes = 0;
  #largestBytes = 0;

  readonly #memory: Pick<ProvedWeights, 'openAnswer'>;

  private constructor(folder: string, memory: Pick<ProvedWeights, 'openAnswer'>) {
    this.#folder = folder;
    this.#memory = memory;
  }

  /**
   * Opens the store, creating its folder, and clears what interrupted writes left behind.
   * @param memory where some of what is to be sent lies besides
   */
  static async open(folder: string, memory = new ProvedWeights(0)): Promise<WeightFiles> {
    return asStorage(async () => {
      const temporary = join(folder, TEMPORARY_FOLDER);
      await rm(temporary, { recursive: true, force: true });
      await makeFolder(folder);
      await makeFolder(temporary);
      await makeFolders(folder);
      const files = new WeightFiles(folder, memory);
      await files.#measure();
      return files;
    });
  }

  begin(): WeightBatch {
    const held: string[] = [];
    const pin = (digest: string) => {
      held.push(digest);
      this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
      for (const touched of this.#removals) touched.add(digest);
    };
    return {
      put: (weights) => asStorage(() => this.#put(weights, pin)),
      moveIn: (staged) =>
        asStorage(async () => {
          pin(staged.digest);
          await this.#moveIn(staged.path, staged.digest);
        }),
      end: () => {
        for (const digest of held.splice(0)) this.#unpin(digest);
      },
    };
  }

  get folder(): string {
    return this.#folder;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get largestBytes(): number {
    return this.#largestBytes;
  }

  read(digest: string): Promise<Float32Array> {
    return readVector(this.#folder, digest);
  }

  async open(digest: string): Promise<WeightReader> {
    const inMemory = this.#memory.openAnswer(digest);
    if (inMemory !== null) return inMemory;
    return asStorage(async () => {
      const handle = await openVector(this.#folder, digest);
      const { size } = await handle.stat();
      return {
        sizeBytes: size,
        read: (target, offset) => asStorage(() => fill(handle, target, offset)),
        close: () => handle.close(),
      };
    });
  }

  async list(): Promise<string[]> {
    return asStorage(() => listWeightFiles(this.#folder));
  }

  async removeUnreferenced(
    candidates: readonly string[],
    unreferenced: (digests: readonly string[]) => Promise<string[]>,
  ): Promise<number> {
    // A file may find a new reader between the question and the removal: whatever a batch touches meanwhile stays.
    const touched = new Set(this.#pins.keys());
    this.#removals.add(touched);
    try {
      let removedCount = 0;
      for (const digest of await unreferenced(candidates)) {
        if (await this.#inTurn(digest, () => this.#remove(digest, touched))) removedCount++;
      }
      return removedCount;
    } catch (thrown) {
      throw storageError(thrown);
    } finally {
      this.#removals.delete(touched);
    }
  }

  /** A batch that touches the file after the check takes it in again, in a later turn. */
  async #remove(digest: string, touched: ReadonlySet<string>): Promise<boolean> {
    const path = weightFilePath(this.#folder, digest);
    if (touched.has(digest)) return false;
    try {
      // Freeing a large file takes the system a while, which the event loop must not wait for.
      await unlink(path);
    } catch (thrown) {
      if (errorCodeOf(thrown) !== 'ENOENT') throw thrown;
      this.#count(digest, 0);
      return false;
    }
    this.#count(digest, 0);
    return true;
  }

  async #put(weights: Float32Array, pin: (digest: string) => void): Promise<string> {
    const { path, digest } = await stageVector(this.#folder, weights);
    pin(digest);
    await this.#moveIn(path, digest);
    return digest;
  }

  /** Replaces a file of the same name: same content, and a damaged one is healed. */
  #moveIn(path: string, digest: string): Promise<void> {
    return this.#inTurn(digest, () => this.#rename(path, digest));
  }

  /** Runs work on one file after what was begun with it before, so that none is counted twice or lost to a removal. */
  async #inTurn<Result>(digest: string, work: () => Promise<Result>): Promise<Result> {
    const earlier = this.#turns.get(digest)?.catch(() => {});
    const turn = Promise.resolve(earlier).then(work);
    this.#turns.set(digest, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(digest) === turn) this.#turns.delete(digest);
    }
  }

  async #rename(path: string, digest: string): Promise<void> {
    const { size } = await stat(path);
    await renameDurably(path, weightFilePath(this.#folder, digest));
    this.#count(digest, size);
  }

  async #measure(): Promise<void> {
    for (const digest of await listWeightFiles(this.#folder)) {
      this.#count(digest, (await stat(weightFilePath(this.#folder, digest))).size);
    }
  }

  /** A file has so many bytes now; with none there is no such file. */
  #count(digest: string, sizeBytes: number): void {
    this.#usedBytes += sizeBytes - (this.#sizes.get(digest) ?? 0);
    this.#largestBytes = Math.max(this.#largestBytes, sizeBytes);
    if (sizeBytes > 0) this.#sizes.set(digest, sizeBytes);
    else this.#sizes.delete(digest);
  }

  #unpin(digest: string): void {
    const count = (this.#pins.get(digest) ?? 0) - 1;
    if (count > 0) this.#pins.set(digest, count);
    else this.#pins.delete(digest);
  }
}

/** All that files will ever lie in, so that no file waits for its folder's name to be durable. */
async function makeFolders(folder: string): Promise<void> {
  const present = new Set(await readdir(folder));
  const missing = WEIGHT_FOLDERS.filter((name) => !present.has(name));
  await Promise.all(missing.map((name) => mkdir(join(folder, name))));
  if (missing.length > 0) await syncFolder(folder);
}
