import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

const BLOCK = Buffer.alloc(64 * 1024, 'x');

/** A disk of its own for one data folder, small enough to be filled up. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = path.join(folder, 'ballast');
  }

  /** @throws Error where nothing may be mounted */
  static mount(folder: string, sizeBytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=700`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  /** Fills it up but for about so many bytes. */
  fill(leftBytes: number): void {
    const ballast = openSync(this.#ballast, 'w');
    let size = 0;
    try {
      for (let written = 1; written > 0; size += written) written = writeSync(ballast, BLOCK);
    } catch {
      // Full.
    }
    ftruncateSync(ballast, Math.max(0, size - leftBytes));
    closeSync(ballast);
  }

  /** Makes room again. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Takes it away with all that is on it. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
  }
}
