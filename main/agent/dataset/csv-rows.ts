import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { CsvError, type Info, parse } from 'csv-parse';
import { type CsvDialect, columnKey, detectDialect } from './csv-dialect.ts';
import type { DecimalSign } from './csv-number.ts';
import { decodeText } from './text-encoding.ts';

/** Longest row, characters: an unclosed quote must not read the whole file into one field. */
export const MAX_ROW_LENGTH = 1_000_000;

/** One row, its fields by the place of their column among those that were asked for. */
export interface CsvRow {
  /** As they stand in the file; `''` where the row is too short. */
  readonly fields: readonly string[];
  /** From 1. */
  readonly line: number;
  readonly decimal: DecimalSign;
}

/** What a logger or a person notes between the rows. */
const COMMENT = /^\s*(#|\/\/)/;

/**
 * Reads the wanted columns of a CSV file, row by row, however large the file is. A remark between the rows is passed
 * over: a line that begins with `#` or `//` and has not as many fields as the header.
 * @param take is given each row below the header; where it returns true, nothing more is read, and where it returns a
 *   promise, nothing more until that has resolved
 * @param onBytes is told how many more bytes were read
 * @throws AppError `dataset/mismatch` (a column is missing), `dataset/damaged`
 */
export async function readCsvRows(
  file: string,
  columns: readonly string[],
  take: (row: CsvRow) => unknown,
  onBytes?: (count: number) => void,
): Promise<void> {
  const dialect = await detectDialect(file, columns);
  const finder = new RowFinder(columns, dialect);
  const takeRow = ({ record, info }: ParsedRow) => {
    const row = finder.take(record, info.lines);
    return row === null ? undefined : take(row);
  };
  await parseRows(file, dialect, takeRow, onBytes);
  if (!finder.hasHeader)
    throw new AppError('dataset/damaged', { detail: `${basename(file)}: no header row` });
}

/** Finds the rows below the header among the records of a file, and in them the wanted columns. */
export class RowFinder {
  readonly #columns: readonly string[];
  readonly #dialect: CsvDialect;
  #places: readonly number[] | null = null;
  #width = 0;
  #rowsBefore = 0;

  constructor(columns: readonly string[], dialect: CsvDialect) {
    this.#columns = columns;
    this.#dialect = dialect;
  }

  get hasHeader(): boolean {
    return this.#places !== null;
  }

  /**
   * Takes the next record that is not blank.
   * @param line of its end
   * @returns null for the header, what stands before it, and remarks
   * @throws AppError `dataset/mismatch` (a column is missing)
   */
  take(record: readonly string[], line: number): CsvRow | null {
    const { rowsBeforeHeader, decimal } = this.#dialect;
    if (this.#places !== null) {
      if (record.length !== this.#width && COMMENT.test(record[0]!)) return null;
      return { fields: this.#places.map((place) => record[place] ?? ''), line, decimal };
    }
    if (this.#rowsBefore === rowsBeforeHeader) {
      this.#places = locateColumns(record, this.#columns);
      this.#width = record.length;
    } else {
      this.#rowsBefore += 1;
    }
    return null;
  }
}

interface ParsedRow {
  readonly record: string[];
  readonly info: Info;
}

async function parseRows(
  file: string,
  { encoding, separator }: CsvDialect,
  take: (row: ParsedRow) => unknown,
  onBytes: (count: number) => void = () => undefined,
): Promise<void> {
  let isEnough = false;
  const parser = parse({
    bom: true,
    delimiter: separator,
    info: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
    maxRecordSize: MAX_ROW_LENGTH,
  });
  const decode = (chunks: AsyncIterable<Uint8Array>) => decodeText(counted(chunks, onBytes), encoding);
  try {
    await pipeline(createReadStream(file), decode, parser, async (rows: AsyncIterable<ParsedRow>) => {
      for await (const row of rows) {
        const taken = take(row);
        isEnough = (taken instanceof Promise ? await taken : taken) === true;
        if (isEnough) return;
      }
    });
  } catch (thrown) {
    // The streams before complain that nobody wants the rest.
    if (isEnough) return;
    if (!(thrown instanceof CsvError)) throw thrown;
    // The parser's own message quotes the data.
    const detail = `${basename(file)}: ${thrown.code} near line ${String(thrown.lines)}`;
    throw new AppError('dataset/damaged', { detail });
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    onBytes(chunk.byteLength);
  }
}

function locateColumns(header: readonly string[], columns: readonly string[]): readonly number[] {
  const exact = header.map((name) => name.trim().normalize('NFC'));
  const keys = header.map(columnKey);
  const places = columns.map((column) => {
    const place = exact.indexOf(column.trim().normalize('NFC'));
    if (place !== -1) return place;
    const key = columnKey(column);
    // Two that differ in case alone: which of them is meant is not ours to guess.
    return keys.indexOf(key) === keys.lastIndexOf(key) ? keys.indexOf(key) : -1;
  });
  const missing = columns.filter((_, index) => places[index] === -1);
  if (missing.length > 0) {
    throw new AppError('dataset/mismatch', {
      detail: `missing columns: ${missing.map((column) => `"${column}"`).join(', ')}`,
    });
  }
  return places;
}
