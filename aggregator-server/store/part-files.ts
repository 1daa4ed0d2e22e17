import { type FileHandle, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { ELEMENT_BYTES } from '@genba/shared/federation/encoding/payload-size';
import { makeFolder } from './durable-file.ts';
import { isProvedOnTheWay, type PartContent, PartFile } from './part-file.ts';
import { sizeIfPresent } from './present-file.ts';
import { type ProveUpload, proveUpload } from './prove-upload.ts';
import { ProvedWeights } from './proved-weights.ts';
import { errorCodeOf, storageError } from './storage-error.ts';
import { UncachedFile } from './uncached-file.ts';

/** A part file nobody continued for this long is removed at start, milliseconds (30 days). */
const ABANDONED_AFTER_MS = 30 * 24 * 60 * 60 * 1000;

/** Free disk space below which no bytes are accepted. */
export const DEFAULT_RESERVE_BYTES = 500e6;

const NAME_PATTERN = /^([0-9a-f-]{36})\.(update|start)\.([0-9a-f-]{36})\.[0-9a-f]{64}\.part$/i;
/** As early programs named them, without their client: nobody continues them. */
const FORMER_NAME_PATTERN = /^[0-9a-f-]{36}\.[0-9a-f]{64}\.part$/i;

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
