import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCodeOf } from './storage-error.ts';

/** A multiple of the blocks of every usual disk, and what such writes are aligned to in memory and in the file. */
export const BLOCK_BYTES = 4096;

/** From this size on it pays. */
const SMALLEST_BYTES = 1024 * 1024;

/** As much of the global `WebAssembly` as is needed here: Node's own types do not know it. */
interface WebAssemblyApi {
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
}

const WASM_PAGE_BYTES = 65_536;

/** Memory of one vector, which all threads can see. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/**
 * New memory. Where it pays it begins at a page of the system's memory, as all
 * memories of WebAssembly do: from there the disk can read it, see {@link UncachedFile}.
 */
export function sharedBytes(sizeBytes: number): SharedBytes {
  if (sizeBytes < SMALLEST_BYTES) return new Uint8Array(new SharedArrayBuffer(sizeBytes));
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
  const pages = Math.ceil(sizeBytes / WASM_PAGE_BYTES);
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new Uint8Array(buffer, 0, sizeBytes);
}

/**
 * A way to write a file from such memory to the disk, past the system's cache: nothing is copied, and the sync that
 * follows finds nothing left to write. For content that is not read again soon. What it has written counts as durable
 * only after a sync of the file, as any other. Linux has it, on most file systems.
 */
export class UncachedFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** A second way into a file that exists; null where there is none, or the content is too small for it to pay. */
  static async open(path: string, sizeBytes: number): Promise<UncachedFile | null> {
    const { O_DIRECT, O_WRONLY } = constants;
    if (O_DIRECT === undefined || sizeBytes < SMALLEST_BYTES) return null;
    try {
      return new UncachedFile(await open(path, O_WRONLY | O_DIRECT));
    } catch (thrown) {
      if (errorCodeOf(thrown) === 'EINVAL') return null;
      throw thrown;
    }
  }

  /**
   * Writes what lies in whole blocks of the file.
   * @param memory of {@link sharedBytes}, in which the file's bytes lie at their positions
   * @param range.from the start of a block
   * @returns up to where it is written: `from` where less than a block is there, or this disk or this memory cannot do
   *   it after all
   */
  async write(
    memory: Uint8Array,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<number> {
    const end = to - (to % BLOCK_BYTES);
    let written = from;
    while (written < end) {
      try {
        const { bytesWritten } = await this.#handle.write(memory, written, end - written, written);
        written += bytesWritten;
      } catch (thrown) {
        if (errorCodeOf(thrown) !== 'EINVAL') throw thrown;
        break;
      }
    }
    // A short write may end within a block; the rest of that block goes the usual way.
    return written;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
