import { type FileHandle, rm } from 'node:fs/promises';
import type { UpdateEncoding } from '@genba/shared/federation/encoding/update-encoding';
import type { CompleteUpload, ProveUpload } from './prove-upload.ts';
import type { ProvedWeights } from './proved-weights.ts';
import { RunningProof } from './running-proof.ts';
import { asStorage, storageError } from './storage-error.ts';
import { BLOCK_BYTES, type SharedBytes, type UncachedFile } from './uncached-file.ts';
import type { StagedVector } from './vector-files.ts';

/** How much of a transfer may be on its way to the disk while more of it is taken, bytes. */
const MOST_UNWRITTEN_BYTES = 1024 * 1024;

/** What a part file will hold when complete. */
export interface PartContent {
  readonly clientId: string;
  /** An update, or the start weights of one that the server has let go of. */
  readonly purpose: 'update' | 'start';
  /** Of the update or the base. */
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly encoding: UpdateEncoding;
}

/** Bytes of a transfer in the memory of whoever brought them. */
interface Piece {
  readonly bytes: Uint8Array;
  /** To be called when they are not needed any more. */
  readonly onTaken: (() => void) | undefined;
}

/** One transfer on its way in. */
export class PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #content: PartContent;
  readonly #prove: ProveUpload;
  readonly #proved: ProvedWeights;
  readonly #release: (isKept: boolean) => void;
  /** Of all bytes held; null where some came over an earlier connection, or they are no weights yet. */
  #runningProof: RunningProof | null;
  /** The same bytes, where memory could be had for them. */
  #memory: SharedBytes | null;
  /** Of what has arrived, the bytes that the system has written: a prefix. */
  #writtenBytes: number;
  #heldBytes: number;
  /** What waits to be written, where it does not lie in the memory. */
  readonly #pieces: Piece[] = [];
  /** One call after the other; rejects from the first that failed on. */
  #writes: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isOpen = true;
  /** Past the system's cache, while that works; null where the bytes do not lie in memory, from which they are merged. */
  #uncached: UncachedFile | null;

  constructor(parts: {
    path: string;
    handle: FileHandle;
    heldBytes: number;
    content: PartContent;
    prove: ProveUpload;
    proved: ProvedWeights;
    memory: SharedBytes | null;
    uncached: UncachedFile | null;
    release: (isKept: boolean) => void;
  }) {
    this.path = parts.path;
    this.#handle = parts.handle;
    this.#writtenBytes = parts.heldBytes;
    this.#heldBytes = parts.heldBytes;
    this.#content = parts.content;
    this.#prove = parts.prove;
    this.#proved = parts.proved;
    this.#release = parts.release;
    this.#memory = parts.memory;
    this.#uncached = parts.uncached;
    this.#runningProof = isProvedOnTheWay(parts.content, parts.heldBytes) ? new RunningProof() : null;
  }

  /** Bytes that have arrived, on disk or on their way there (not synced: a damaged tail is found by its digest and sent again). */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get missingBytes(): number {
    return this.#content.sizeBytes - this.#heldBytes;
  }

  get isComplete(): boolean {
    return this.missingBytes === 0;
  }

  /**
   * Takes the next bytes. The system writes them while the next ones arrive; this waits only when too much would be on
   * its way to the disk.
   * @param onTaken called when the memory of these bytes is not needed any more; it may not be, where writing fails
   * @throws AppError `server/storage` when these bytes, or some before them, could not be written: the file ends where
   *   the last good ones do
   */
  async append(payload: Uint8Array, onTaken?: () => void): Promise<void> {
    const position = this.#heldBytes;
    this.#heldBytes += payload.byteLength;
    this.#runningProof?.add(payload);
    if (this.#memory !== null) {
      this.#memory.set(payload, position);
      onTaken?.();
    } else {
      this.#pieces.push({ bytes: payload, onTaken });
    }
    if (!this.#isWriting) {
      this.#isWriting = true;
      this.#writes = this.#writes.then(() => this.#writeHeld());
      // Heard of by whoever waits for it below, or closes the file.
      this.#writes.catch(() => {});
    }
    const unwrittenBytes = this.#heldBytes - this.#writtenBytes;
    if (unwrittenBytes > MOST_UNWRITTEN_BYTES || this.isComplete) await this.#allWritten();
  }

  /** Writes until nothing is left: what has come meanwhile goes in one call, where it lies in one piece of memory. */
  async #writeHeld(): Promise<void> {
    while (this.#writtenBytes < this.#heldBytes) {
      if (this.#uncached !== null) {
        if (await this.#writeUncached(this.#uncached)) continue;
        // A block that has begun waits for its rest.
        if (this.#uncached !== null && this.#isOpen && !this.isComplete) break;
      }
      if (this.#memory !== null) {
        await this.#write(this.#memory.subarray(this.#writtenBytes, this.#heldBytes));
      } else {
        const { bytes, onTaken } = this.#pieces.shift()!;
        await this.#write(bytes);
        onTaken?.();
      }
    }
    this.#isWriting = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { byteLength } = bytes;
    for (let written = 0; written < byteLength; ) {
      const position = this.#writtenBytes + written;
      written += (await this.#handle.write(bytes, written, byteLength - written, position)).bytesWritten;
    }
    this.#writtenBytes += byteLength;
  }

  /** @returns whether it has written anything */
  async #writeUncached(file: UncachedFile): Promise<boolean> {
    const [from, to] = [this.#writtenBytes, this.#heldBytes];
    this.#writtenBytes = await file.write(this.#memory!, { from, to });
    if (this.#writtenBytes > from) return true;
    if (to - from < BLOCK_BYTES) return false;
    // It turned out not to work here.
    this.#uncached = null;
    await file.close();
    return false;
  }

  async #allWritten(): Promise<void> {
    try {
      await this.#writes;
    } catch (thrown) {
      // What the file holds is proved by reading it.
      this.#runningProof = null;
      this.#heldBytes = this.#writtenBytes;
      throw storageError(thrown);
    }
  }

  /**
   * Proves the complete content, and makes it durable: weights that arrived in one go were proved on the way, anything
   * else is read again.
   * @param how.delta what it leads to, where it holds a delta
   * @param how.onProved called when weights lie in memory and are proved, before the disk has them
   * @returns its weights, synced: the file itself, or a new one
   * @throws as {@link ProveUpload}
   */
  async prove({
    delta,
    onProved = () => {},
  }: {
    readonly delta?: CompleteUpload['delta'];
    readonly onProved?: () => void;
  } = {}): Promise<StagedVector> {
    const { path } = this;
    const { sha256 } = this.#content;
    if (this.#runningProof === null) {
      const staged = await this.#prove({ path, sha256, delta });
      if (staged.path === path) await asStorage(() => this.#handle.datasync());
      return staged;
    }
    this.#runningProof.judge(sha256);
    if (this.#memory !== null) {
      // All of it was written; from here on it waits for the merge.
      this.#proved.keep(sha256, this.#memory);
      this.#memory = null;
      onProved();
    }
    try {
      await asStorage(() => this.#handle.datasync());
    } catch (thrown) {
      this.#proved.forget(sha256);
      throw thrown;
    }
    return { path, digest: sha256 };
  }

  /** Keeps what is there, to be continued later, or complete, to be taken over. */
  async close(): Promise<void> {
    await this.#end({ isKept: !this.isComplete });
  }

  /** Closes and forgets the content. */
  async drop(): Promise<void> {
    await this.#end({ isKept: false });
    await rm(this.path, { force: true });
  }

  async #end({ isKept }: { isKept: boolean }): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      // With what has waited for the rest of its block.
      await this.#writes.then(() => this.#writeHeld()).catch(() => {});
      await this.#uncached?.close();
      await this.#handle.close();
    } finally {
      // Not before: it is written from.
      if (this.#memory !== null) this.#proved.giveBack(this.#memory);
      this.#memory = null;
      this.#release(isKept);
    }
  }
}

/** Weights that come in one go, as they are. */
export function isProvedOnTheWay({ encoding }: PartContent, heldBytes: number): boolean {
  return heldBytes === 0 && encoding === 'float32';
}
