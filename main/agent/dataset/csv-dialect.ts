import { open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { type DecimalSign, tidyField } from './csv-number.ts';
import { detectEncoding, type TextEncoding } from './text-encoding.ts';

/** How a CSV file is written. */
export interface CsvDialect {
  readonly encoding: TextEncoding;
  readonly separator: string;
  readonly decimal: DecimalSign;
  /** Rows before the one with the names of the columns, blank ones not counted. */
  readonly rowsBeforeHeader: number;
}

const SEPARATORS = [',', ';', '\t'] as const;

/** How much of a file is looked at, bytes. */
const SAMPLE_BYTES = 2 ** 18;

/** Loggers write a few lines about themselves first. */
const MAX_ROWS_BEFORE_HEADER = 50;

/**
 * Finds out how a file is written: the separator and the row with which most of the wanted columns are found, then the
 * decimal sign that its numbers have.
 * @param columns names that the header should have
 */
export async function detectDialect(file: string, columns: readonly string[]): Promise<CsvDialect> {
  const encoding = await detectEncoding(file);
  const text = await readBeginning(file, encoding);
  const wanted = columns.map(columnKey);
  const candidates = SEPARATORS.map((separator) => {
    const rows = parseSample(text, separator);
    const scores = rows
      .slice(0, MAX_ROWS_BEFORE_HEADER)
      .map((row) => wanted.filter((name) => row.map(columnKey).includes(name)).length);
    const best = Math.max(0, ...scores);
    // Without any of the names the first whole row is the header, and the error will name what is missing.
    return { separator, rows, best, header: best === 0 ? firstWholeRow(rows) : scores.indexOf(best) };
  });
  const { separator, rows, header } = candidates.reduce((one, other) => {
    if (other.best !== one.best) return other.best > one.best ? other : one;
    // No name decides: the separator under which most rows are alike, and then the one that finds more fields.
    const [usual, another] = [usualWidth(one.rows), usualWidth(other.rows)];
    if (another.count !== usual.count) return another.count > usual.count ? other : one;
    return another.width > usual.width ? other : one;
  });
  return {
    encoding,
    separator,
    decimal: decimalSign(rows.slice(header + 1), separator),
    rowsBeforeHeader: header,
  };
}

/** A file's beginning, as far as it is looked at: the row with the names of the columns, and the rows below it. */
export interface CsvSample {
  readonly dialect: CsvDialect;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads the beginning of a file for showing it. @param columns names that the header should have */
export async function readSample(file: string, columns: readonly string[]): Promise<CsvSample> {
  const dialect = await detectDialect(file, columns);
  const rows = parseSample(await readBeginning(file, dialect.encoding), dialect.separator);
  const header = rows[dialect.rowsBeforeHeader] ?? [];
  return { dialect, header, rows: rows.slice(dialect.rowsBeforeHeader + 1) };
}

type Rows = readonly (readonly string[])[];

/** The number of fields that most rows have, more than one where any has, and how many rows have it. */
function usualWidth(rows: Rows): { readonly width: number; readonly count: number } {
  const counts = Map.groupBy(rows, ({ length }) => length);
  let usual = { width: 1, count: 0 };
  for (const [width, { length: count }] of counts) {
    if (width > 1 && count > usual.count) usual = { width, count };
  }
  return usual;
}

/** The first row with as many fields as most rows have. */
function firstWholeRow(rows: Rows): number {
  const { width } = usualWidth(rows);
  return Math.max(
    0,
    rows.slice(0, MAX_ROWS_BEFORE_HEADER).findIndex(({ length }) => length === width),
  );
}

/** Names are the same if they differ in width, case, spaces around them, or a `#` before them only. */
export function columnKey(name: string): string {
  return tidyField(name).replace(/^#\s*/, '').replace(/\s+/g, ' ').toLowerCase();
}

async function readBeginning(file: string, encoding: TextEncoding): Promise<string> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    const text = new TextDecoder(encoding).decode(buffer.subarray(0, bytesRead), { stream: true });
    // The last line may be cut off.
    return bytesRead < SAMPLE_BYTES ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}

function parseSample(text: string, delimiter: string): string[][] {
  const options = { bom: true, delimiter, relaxColumnCount: true, relaxQuotes: true, skipEmptyLines: true };
  try {
    return parse(text, options);
  } catch {
    // Quotes that do not close under this separator.
    return [];
  }
}

/** A comma separates decimals where it separates no fields and more numbers have one than have a point. */
function decimalSign(rows: readonly (readonly string[])[], separator: string): DecimalSign {
  if (separator === ',') return '.';
  const count = (pattern: RegExp) => rows.flat().filter((field) => pattern.test(tidyField(field))).length;
  return count(/^[+-]?[\d.]*\d,\d+$/) > count(/^[+-]?[\d,]*\d\.\d+$/) ? ',' : '.';
}
