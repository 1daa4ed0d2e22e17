import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';

/** Sub-folders of the agent's data folder that hold weights on their way in: bases, and global weights. */
export const DOWNLOAD_FOLDERS = { base: 'downloads', global: 'downloads-global' } as const;

/** What is downloaded. */
export interface Downloadable {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Weights on their way in, kept in a file so that a cut costs only the bytes under way. What it holds is a copy of
 * what the aggregator keeps until it hears `weights/installed`: it needs no fsync, only the digest at the end.
 */
export class PartialDownload<Offer extends Downloadable = Downloadable> {
  readonly offer: Offer;
  readonly #file: string;
  #received: number;

  /**
   * Older partial files of other weights are removed.
   * @param id what they are for: the base
   * @param folder see {@link DOWNLOAD_FOLDERS}
   */
  constructor(folder: string, id: string, offer: Offer) {
    this.offer = offer;
    const name = `${id}.${offer.sha256}.part`;
    mkdirSync(folder, { recursive: true });
    for (const other of readdirSync(folder))
      if (other !== name) rmSync(path.join(folder, other), { force: true });
    this.#file = path.join(folder, name);
    this.#received = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (this.#received > offer.sizeBytes) this.discard();
  }

  /** Bytes already here: where the aggregator goes on. */
  get offset(): number {
    return this.#received;
  }

  get isComplete(): boolean {
    return this.#received === this.offer.sizeBytes;
  }

  /**
   * Appends one piece.
   * @throws AppError `protocol/offset-mismatch` when it does not continue the file or goes beyond the offered size
   */
  append(offset: number, payload: Uint8Array): void {
    if (offset !== this.#received || offset + payload.byteLength > this.offer.sizeBytes) {
      throw new AppError('protocol/offset-mismatch', {
        detail: `${payload.byteLength} bytes at ${offset}, have ${this.#received} of ${this.offer.sizeBytes}`,
      });
    }
    const descriptor = openSync(this.#file, 'a');
    try {
      writeSync(descriptor, payload);
    } finally {
      closeSync(descriptor);
    }
    this.#received += payload.byteLength;
  }

  /**
   * The complete bytes.
   * @throws AppError `transfer/digest-mismatch` when they are not what was offered; they are discarded then
   */
  bytes(): Buffer {
    const bytes = this.offer.sizeBytes === 0 ? Buffer.alloc(0) : readFileSync(this.#file);
    if (createHash('sha256').update(bytes).digest('hex') === this.offer.sha256) return bytes;
    this.discard();
    throw new AppError('transfer/digest-mismatch', { detail: path.basename(this.#file) });
  }

  /** Removes the file: the weights are installed, or damaged. */
  discard(): void {
    rmSync(this.#file, { force: true });
    this.#received = 0;
  }
}
