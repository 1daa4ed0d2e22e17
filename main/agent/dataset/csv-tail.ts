import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { CsvError, type Info, parse } from 'csv-parse/sync';
import { type CsvDialect, detectDialect } from './csv-dialect.ts';
import { type CsvRow, MAX_ROW_LENGTH, RowFinder } from './csv-rows.ts';

/** Bytes read in one step. */
const STEP_BYTES = 2 ** 18;

/** How much of what was read last is compared with the file at each look, bytes: another file has other rows there. */
const COMPARED_BYTES = 256;

/** As long as there are fewer rows, how the file is written is found out anew: a header alone does not show the decimal sign. */
const SURE_ROWS = 20;

/** A row of a file that may still grow. */
export interface TailRow extends CsvRow {
  /** Proves the file's content from its beginning through this row; null where the row has no line end yet. */
  readonly proof: string | null;
}

/** Why a tail cannot be followed on: the file has other content than what was read of it, or shows that it was read wrongly. */
export class TailBroken extends Error {}

/**
 * Follows the rows of one CSV file that another program may be writing. Forgives what {@link readCsvRows} forgives. A
 * line without its end waits for it. The file is open only while it is read, so nobody is kept from renaming it.
 *
 * It is asked by reading, not by its size or by events of the system: on a network drive the size may be that of seconds
 * ago, and events do not come.
 */
export class CsvTail {
  readonly file: string;
  readonly #columns: readonly string[];
  readonly #openFile: typeof open;
  #dialect: CsvDialect | null = null;
  #finder: RowFinder | null = null;
  #decoder = new TextDecoder();
  #offset = 0;
  /** The first, and the last, bytes that were read. */
  #head = Buffer.alloc(0);
  #last = Buffer.alloc(0);
  /** Text behind the last row. */
  #rest = '';
  #linesBefore = 0;
  #rowCount = 0;
  #hash: Hash = createHash('sha256');
  #tookRest = false;

  /**
   * @param columns names that the header should have
   * @param openFile for tests: a file system in which other programs hold files
   */
  constructor(file: string, columns: readonly string[], openFile = open) {
    this.file = file;
    this.#columns = columns;
    this.#openFile = openFile;
  }

  /** Whether something stands behind the last whole row. */
  get hasRest(): boolean {
    return !this.#tookRest && this.#rest.trim() !== '';
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The rows that have come since, some at a time, to the end as it is now.
   * @throws TailBroken; AppError `dataset/mismatch` (a column is missing, as far as the file goes), `dataset/damaged`;
   *   Error of the file system, such as for a file that its writer holds
   */
  async *read(): AsyncGenerator<readonly TailRow[]> {
    await this.#findDialect();
    for (;;) {
      const bytes = await this.#readStep();
      if (bytes === null) return;
      this.#rest += this.#decoder.decode(bytes, { stream: true });
      const rows = this.#wholeRows();
      if (rows.length > 0) yield rows;
    }
  }

  /** Takes what stands behind the last whole row for a row: nothing more is expected. Once more comes, the tail is broken. */
  takeRest(): readonly TailRow[] {
    if (!this.hasRest || this.#finder === null) return [];
    this.#tookRest = true;
    return this.#rowsOf(this.#rest, { isWhole: false });
  }

  /** @throws TailBroken where what was read shows that the file is written in another way than it seemed */
  async #findDialect(): Promise<void> {
    if (this.#rowCount >= SURE_ROWS) return;
    const dialect = await detectDialect(this.file, this.#columns);
    if (this.#dialect !== null && JSON.stringify(dialect) !== JSON.stringify(this.#dialect)) {
      throw new TailBroken('the file is written in another way than it seemed');
    }
    if (this.#dialect !== null) return;
    this.#dialect = dialect;
    this.#decoder = new TextDecoder(dialect.encoding);
    this.#finder = new RowFinder(this.#columns, dialect);
  }

  /** null at the end. */
  async #readStep(): Promise<Uint8Array | null> {
    const handle = await this.#openFile(this.file);
    try {
      await this.#compare(handle);
      const bytes = await readAt(handle, this.#offset, STEP_BYTES);
      if (bytes.length === 0) return null;
      if (this.#tookRest) throw new TailBroken('a line goes on that was taken for a whole one');
      this.#offset += bytes.length;
      if (this.#head.length < COMPARED_BYTES) {
        this.#head = Buffer.concat([this.#head, bytes]).subarray(0, COMPARED_BYTES);
      }
      this.#last = Buffer.concat([this.#last, bytes]).subarray(-COMPARED_BYTES);
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async #compare(handle: FileHandle): Promise<void> {
    const head = await readAt(handle, 0, this.#head.length);
    const last = await readAt(handle, this.#offset - this.#last.length, this.#last.length);
    if (!head.equals(this.#head) || !last.equals(this.#last)) {
      throw new TailBroken('the file has other content than before');
    }
  }

  #wholeRows(): TailRow[] {
    const end = wholeLength(this.#rest);
    if (end === 0) {
      if (this.#rest.length > MAX_ROW_LENGTH) throw this.#damaged('a row without an end');
      return [];
    }
    const text = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    const rows = this.#rowsOf(text, { isWhole: true });
    this.#linesBefore += text.split('\n').length - 1;
    return rows;
  }

  #rowsOf(text: string, { isWhole }: { readonly isWhole: boolean }): TailRow[] {
    const rows: TailRow[] = [];
    for (const { record, info } of this.#parse(text)) {
      const hash = isWhole ? this.#hash.update(JSON.stringify(record)) : null;
      const row = this.#finder!.take(record, this.#linesBefore + info.lines);
      if (row !== null) rows.push({ ...row, proof: hash === null ? null : hash.copy().digest('hex') });
    }
    this.#rowCount += rows.length;
    return rows;
  }

  #parse(text: string): { record: string[]; info: Info }[] {
    try {
      // Its type is that of records alone; with `info` each comes with where it stands.
      return parse(text, {
        delimiter: this.#dialect!.separator,
        info: true,
        relaxColumnCount: true,
        relaxQuotes: true,
        skipEmptyLines: true,
      }) as unknown as { record: string[]; info: Info }[];
    } catch (thrown) {
      if (!(thrown instanceof CsvError)) throw thrown;
      // The parser's own message quotes the data.
      throw this.#damaged(thrown.code);
    }
  }

  #damaged(what: string): AppError {
    const detail = `${basename(this.file)}: ${what} near line ${this.#linesBefore + 1}`;
    return new AppError('dataset/damaged', { detail });
  }
}

/** How much of a text is whole rows: to its last line end that is not within quotes. */
function wholeLength(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf('\n') + 1;
  let length = 0;
  let isQuoted = false;
  for (
    let start = 0, end = text.indexOf('\n');
    end !== -1;
    start = end + 1, end = text.indexOf('\n', start)
  ) {
    const quotes = text.slice(start, end).split('"').length - 1;
    if (quotes % 2 === 1) isQuoted = !isQuoted;
    if (!isQuoted) length = end + 1;
  }
  return length;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
