import type { open } from 'node:fs/promises';
import { CsvTail, TailBroken } from '../dataset/csv-tail.ts';
import type { ExampleCutter } from '../dataset/example-cutter.ts';
import type { WatchedFile } from './watched-files.ts';

/** Examples handed on together. */
const AT_ONCE = 64;

/** A row or window that has no result yet. */
export interface NewExample {
  readonly line: number;
  readonly series: string;
  /** Not standardised; or why the row cannot be judged. */
  readonly values: Float32Array | { readonly reason: string };
  /** Proves the file's content through this line; null where the line has no end yet. */
  readonly proof: string | null;
}

/** The file at a path has other content than the file that was judged there. */
export class OtherContent extends Error {}

/**
 * Follows one CSV file: reads it from its beginning, so that windows are cut as they always would be, and gives what comes
 * behind the last line that was judged. Before it gives anything it has seen that these are the rows that were judged.
 */
export class CsvFollower {
  readonly #tail: CsvTail;
  readonly #cutter: ExampleCutter;
  readonly #file: WatchedFile;
  #hasProved: boolean;
  #reading: AsyncGenerator<readonly NewExample[], void> | null = null;
  #idleSinceMs = performance.now();

  /** @param openFile see {@link CsvTail} */
  constructor(file: WatchedFile, cutter: ExampleCutter, openFile?: typeof open) {
    this.#file = file;
    this.#cutter = cutter;
    this.#tail = new CsvTail(file.path, cutter.columns, openFile);
    this.#hasProved = file.proof === null;
  }

  /** Whether it has met all the rows that were judged. */
  get hasProved(): boolean {
    return this.#hasProved;
  }

  /** Something stands behind the last whole row. */
  get hasRest(): boolean {
    return this.#tail.hasRest;
  }

  /** How long nothing has come, milliseconds, by the clock that nobody sets. */
  get idleMs(): number {
    return performance.now() - this.#idleSinceMs;
  }

  /**
   * Some of what is new; null at the end as it is now. What comes next is given by the next call, whenever that is. Whoever
   * cannot use what was given must begin with a new follower.
   * @throws OtherContent; TailBroken where it must be read anew; see {@link CsvTail.read}
   */
  async next(): Promise<readonly NewExample[] | null> {
    this.#reading ??= this.#read();
    const { value, done } = await this.#reading.next();
    if (!done) return value;
    this.#reading = null;
    return null;
  }

  async *#read(): AsyncGenerator<readonly NewExample[], void> {
    const before = this.#tail.offset;
    let some: NewExample[] = [];
    for await (const rows of this.#tail.read()) {
      for (const row of rows) {
        some.push(...this.#cut(row));
        if (some.length < AT_ONCE) continue;
        yield some;
        some = [];
      }
    }
    if (this.#tail.offset > before) this.#idleSinceMs = performance.now();
    if (some.length > 0) yield some;
  }

  /** The last line without its end, taken for a whole one. */
  takeRest(): readonly NewExample[] {
    return this.#tail.takeRest().flatMap((row) => this.#cut(row));
  }

  #cut(row: Parameters<ExampleCutter['push']>[0] & { readonly proof: string | null }): NewExample[] {
    const { line, proof } = this.#file;
    if (!this.#hasProved && row.line >= proof!.line) {
      if (row.line !== proof!.line || row.proof !== proof!.digest) throw new OtherContent();
      this.#hasProved = true;
    }
    const cut = this.#cutter.push(row);
    if (cut === null || cut.line <= line) return [];
    const values = 'reason' in cut ? { reason: cut.reason } : cut.values;
    return [{ line: cut.line, series: 'series' in cut ? cut.series : '', values, proof: row.proof }];
  }
}

/** Whether a file begins with the very rows that were judged. @param columns names that its header should have */
export async function beginsWith(
  path: string,
  columns: readonly string[],
  proof: NonNullable<WatchedFile['proof']>,
): Promise<boolean> {
  try {
    for await (const rows of new CsvTail(path, columns).read()) {
      const row = rows.find(({ line }) => line >= proof.line);
      if (row !== undefined) return row.line === proof.line && row.proof === proof.digest;
    }
  } catch (thrown) {
    // Whatever is wrong with it is told when it is read for itself.
    if (!(thrown instanceof TailBroken)) return false;
  }
  return false;
}
