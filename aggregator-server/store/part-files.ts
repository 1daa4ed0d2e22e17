import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { makeFolder } from './durable-file.ts';
import { type ProveUpload, proveUpload } from './prove-upload.ts';
import { RunningProof } from './running-proof.ts';
import { errorCodeOf, storageError } from './storage-error.ts';

/** A part file nobody continued for this long is removed at start, milliseconds (30 days). */
const ABANDONED_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

const NAME_PATTERN = /^([0-9a-f-]{36})\.[0-9a-f]{64}\.part$/i;

/** What a part file will hold when complete. */
export interface PartContent {
  readonly updateId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Updates on their way in: `<updateId>.<sha256>.part`, continued over reconnects and restarts. */
export class PartFiles {
  readonly #folder: string;
  readonly #prove: ProveUpload;
  readonly #openUpdates = new Set<string>();

  private constructor(folder: string, prove: ProveUpload) {
    this.#folder = folder;
    this.#prove = prove;
  }

  /**
   * Opens the folder and removes part files that nobody will continue.
   * @param options.isJournaled whether an update needs no transfer any more
   * @param options.prove judges complete content; in this thread when left out
   */
  static async open(
    folder: string,
    options: {
      isJournaled: (updateId: string) => Promise<boolean>;
      now: Date;
      prove?: ProveUpload;
    },
  ): Promise<PartFiles> {
    const { isJournaled, now, prove = proveUpload } = options;
    try {
      await makeFolder(folder);
      for (const name of await readdir(folder)) {
        const updateId = NAME_PATTERN.exec(name)?.[1];
        if (updateId === undefined) continue;
        const path = join(folder, name);
        const ageMs = now.getTime() - (await stat(path)).mtimeMs;
        if (ageMs > ABANDONED_AFTER_MS || (await isJournaled(updateId))) await rm(path, { force: true });
      }
      return new PartFiles(folder, prove);
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /**
   * Opens the part file of an update, new or begun earlier.
   * @throws AppError `update/id-conflict` while another connection sends an update with this id, `server/storage`
   */
  async take(content: PartContent): Promise<PartFile> {
    const { updateId, sha256, sizeBytes } = content;
    if (this.#openUpdates.has(updateId)) {
      throw new AppError('update/id-conflict', { detail: `update ${updateId} is being sent elsewhere` });
    }
    this.#openUpdates.add(updateId);
    const release = () => {
      this.#openUpdates.delete(updateId);
    };
    try {
      const path = join(this.#folder, `${updateId}.${sha256}.part`);
      const handle = await openForUpdate(path);
      let heldBytes = (await handle.stat()).size;
      if (heldBytes > sizeBytes) {
        await handle.truncate(0);
        heldBytes = 0;
      }
      return new PartFile({ path, handle, heldBytes, content, prove: this.#prove, release });
    } catch (thrown) {
      release();
      throw storageError(thrown);
    }
  }
}

/** One update on its way in. */
export class PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #content: PartContent;
  readonly #prove: ProveUpload;
  readonly #release: () => void;
  /** Of all bytes held; null where some came over an earlier connection. */
  #runningProof: RunningProof | null;
  #heldBytes: number;
  #isOpen = true;

  constructor(parts: {
    path: string;
    handle: FileHandle;
    heldBytes: number;
    content: PartContent;
    prove: ProveUpload;
    release: () => void;
  }) {
    this.path = parts.path;
    this.#handle = parts.handle;
    this.#heldBytes = parts.heldBytes;
    this.#content = parts.content;
    this.#prove = parts.prove;
    this.#release = parts.release;
    this.#runningProof = parts.heldBytes === 0 ? new RunningProof() : null;
  }

  /** Bytes on disk (not yet synced: a damaged tail is found by its digest and sent again). */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isComplete(): boolean {
    return this.#heldBytes === this.#content.sizeBytes;
  }

  /** Writes the next bytes. @throws AppError `server/storage`; the file then still ends where it did */
  async append(payload: Uint8Array): Promise<void> {
    try {
      const writing = this.#write(payload);
      // While the system writes. Should that fail, what the file holds is proved by reading it.
      this.#runningProof?.add(payload);
      await writing;
      this.#heldBytes += payload.byteLength;
    } catch (thrown) {
      this.#runningProof = null;
      throw storageError(thrown);
    }
  }

  async #write(payload: Uint8Array): Promise<void> {
    for (let written = 0; written < payload.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(
        payload,
        written,
        payload.byteLength - written,
        this.#heldBytes + written,
      );
      written += bytesWritten;
    }
  }

  /**
   * Proves the complete content: what arrived in one go was proved on the way, anything else is read again.
   * @throws AppError `update/digest-mismatch`, `update/not-finite`, `server/storage`
   */
  async prove(): Promise<void> {
    const { sha256 } = this.#content;
    if (this.#runningProof === null) return this.#prove({ path: this.path, sha256 });
    this.#runningProof.judge(sha256);
  }

  /** Keeps what is there, to be continued later. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await this.#handle.close();
    } finally {
      this.#release();
    }
  }

  /** Closes and forgets the content. */
  async drop(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }
}

async function openForUpdate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (thrown) {
    if (errorCodeOf(thrown) !== 'ENOENT') throw thrown;
    return await open(path, 'wx+');
  }
}
