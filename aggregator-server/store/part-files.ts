import { type FileHandle, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { ELEMENT_BYTES } from '@genba/shared/federation/encoding/payload-size';
import type { UpdateEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { makeFolder } from './durable-file.ts';
import { sizeIfPresent } from './present-file.ts';
import { type CompleteUpload, type ProveUpload, proveUpload } from './prove-upload.ts';
import { ProvedWeights } from './proved-weights.ts';
import { RunningProof } from './running-proof.ts';
import { asStorage, errorCodeOf, storageError } from './storage-error.ts';
import { BLOCK_BYTES, type SharedBytes, UncachedFile } from './uncached-file.ts';
import type { StagedVector } from './vector-files.ts';

/** A part file nobody continued for this long is removed at start, milliseconds (30 days). */
const ABANDONED_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

/** How much of a transfer may be on its way to the disk while more of it is taken, bytes. */
const MOST_UNWRITTEN_BYTES = 1024 * 1024;

/** Free disk space below which no bytes are accepted. */
export const DEFAULT_RESERVE_BYTES = 500e6;

const NAME_PATTERN = /^([0-9a-f-]{36})\.(update|start)\.([0-9a-f-]{36})\.[0-9a-f]{64}\.part$/i;
/** As early programs named them, without their client: nobody continues them. */
const FORMER_NAME_PATTERN = /^[0-9a-f-]{36}\.[0-9a-f]{64}\.part$/i;

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

export interface PartFilesOptions {
  /** Whether an update needs no transfer any more. */
  readonly isJournaled: (updateId: string) => Promise<boolean>;
  readonly now: Date;
  /** Judges complete content; in this thread when left out. */
  readonly prove?: ProveUpload;
  /** Where weights proved on the way in wait for their merge; nobody asks for them when left out. */
  readonly proved?: ProvedWeights;
  /** Free space that stays free; {@link DEFAULT_RESERVE_BYTES} when left out. */
  readonly reserveBytes?: number;
  /** Asks the file system when left out. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/**
 * Updates and start weights on their way in: `<client>.<purpose>.<id>.<sha256>.part`, continued over reconnects and
 * restarts. A client has one transfer of each purpose: it can only want one update at a time, so an older one is
 * given up when it begins another, and nobody fills the disk with transfers never finished.
 */
export class PartFiles {
  readonly #folder: string;
  readonly #reserveBytes: number;
  readonly #freeBytes: (folder: string) => Promise<number>;
  readonly #prove: ProveUpload;
  readonly #proved: ProvedWeights;
  readonly #open = new Map<string, PartFile | null>();
  /** Unfinished files by client and purpose. */
  readonly #unfinished = new Map<string, string>();

  private constructor(folder: string, { reserveBytes, freeBytes, prove, proved }: PartFilesOptions) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes ?? DEFAULT_RESERVE_BYTES;
    this.#freeBytes = freeBytes ?? freeBytesOf;
    this.#prove = prove ?? proveUpload;
    this.#proved = proved ?? new ProvedWeights(0);
  }

  /** Opens the folder and removes part files that nobody will continue. @throws AppError `server/storage` */
  static async open(folder: string, options: PartFilesOptions): Promise<PartFiles> {
    try {
      await makeFolder(folder);
      const files = new PartFiles(folder, options);
      for (const name of await readdir(folder)) await files.#sort(name, options);
      return files;
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /**
   * Opens a part file, new or begun earlier.
   * @throws AppError `update/id-conflict` while another connection sends content with this id, `server/low-space`
   *   before a byte is accepted, `server/storage`
   */
  async take(content: PartContent): Promise<PartFile> {
    const { id, sizeBytes, encoding } = content;
    if (this.#open.has(id)) {
      throw new AppError('update/id-conflict', { detail: `${id} is being sent elsewhere` });
    }
    this.#open.set(id, null);
    const name = nameOf(content);
    const release = (isKept: boolean) => {
      this.#open.delete(id);
      if (!isKept && this.#unfinished.get(slotOf(content)) === name) this.#unfinished.delete(slotOf(content));
    };
    try {
      await this.#giveUpOther(content);
      const path = join(this.#folder, name);
      const [size, freeBytes] = await Promise.all([sizeIfPresent(path), this.#freeBytes(this.#folder)]);
      const heldBytes = size > sizeBytes ? 0 : size;
      // What a delta leads to is written beside it.
      const decoded =
        encoding === 'float32' ? 0 : (sizeBytes / ELEMENT_BYTES[encoding]) * ELEMENT_BYTES.float32;
      this.#requireSpace(freeBytes, sizeBytes - heldBytes + decoded);
      const handle = await openForUpdate(path, { isNew: size === 0 });
      if (size > sizeBytes) await handle.truncate(0);
      this.#unfinished.set(slotOf(content), name);
      const tools = { prove: this.#prove, proved: this.#proved };
      const isMerged = isProvedOnTheWay(content, heldBytes) && content.purpose === 'update';
      const direct = isMerged ? await UncachedFile.open(path, sizeBytes) : null;
      const memory = isMerged ? this.#proved.lend(sizeBytes) : null;
      if (memory === null) await direct?.close();
      const uncached = memory === null ? null : direct;
      const part = new PartFile({ path, handle, heldBytes, content, ...tools, memory, uncached, release });
      this.#open.set(id, part);
      return part;
    } catch (thrown) {
      release(true);
      throw storageError(thrown);
    }
  }

  /** Keeps a file of an earlier run to be continued, or removes it. */
  async #sort(name: string, { isJournaled, now }: PartFilesOptions): Promise<void> {
    const path = join(this.#folder, name);
    const [, clientId, purpose, id] = NAME_PATTERN.exec(name) ?? [];
    if (id === undefined) {
      if (FORMER_NAME_PATTERN.test(name)) await rm(path, { force: true });
      return;
    }
    const ageMs = now.getTime() - (await stat(path)).mtimeMs;
    const isDone = purpose === 'update' && (await isJournaled(id));
    if (ageMs > ABANDONED_AFTER_MS || isDone) await rm(path, { force: true });
    else this.#unfinished.set(`${clientId}.${purpose}`, name);
  }

  async #giveUpOther(content: PartContent): Promise<void> {
    const slot = slotOf(content);
    const other = this.#unfinished.get(slot);
    if (other === undefined || other === nameOf(content)) return;
    // A client of two tasks may send to both at once.
    if (this.#open.has(NAME_PATTERN.exec(other)![3]!)) return;
    await rm(join(this.#folder, other), { force: true });
    this.#unfinished.delete(slot);
  }

  /** What other transfers will still bring is counted as if it were there. */
  #requireSpace(free: number, neededBytes: number): void {
    const expected = [...this.#open.values()].reduce((sum, part) => sum + (part?.missingBytes ?? 0), 0);
    if (free - expected - neededBytes >= this.#reserveBytes) return;
    throw new AppError('server/low-space', {
      detail: `${free} bytes free, ${expected + neededBytes} expected, ${this.#reserveBytes} kept in reserve`,
    });
  }
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
function isProvedOnTheWay({ encoding }: PartContent, heldBytes: number): boolean {
  return heldBytes === 0 && encoding === 'float32';
}

function slotOf({ clientId, purpose }: PartContent): string {
  return `${clientId}.${purpose}`;
}

function nameOf({ id, sha256, ...content }: PartContent): string {
  return `${slotOf({ id, sha256, ...content })}.${id}.${sha256}.part`;
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @param isNew whether it probably is not there yet; what is there is kept either way */
async function openForUpdate(path: string, { isNew }: { readonly isNew: boolean }): Promise<FileHandle> {
  if (!isNew) return open(path, 'r+');
  try {
    return await open(path, 'wx+');
  } catch (thrown) {
    if (errorCodeOf(thrown) !== 'EEXIST') throw thrown;
    return open(path, 'r+');
  }
}
