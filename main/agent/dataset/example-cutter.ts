import { tidyField } from './csv-number.ts';
import type { CsvRow } from './csv-rows.ts';
import { type ColumnInput, readValues } from './row-reader.ts';
import { SeriesFeed } from './series-feed.ts';

/** A row, or a window of rows, of a file. */
export interface CutExample {
  /** Line in the file; of a window the last. From 1. */
  readonly line: number;
  /** Series that a window is of, as its column names it; `''` where there is none. */
  readonly series: string;
  /** Not standardised: `[column]`, or `[row, column]` of a window. */
  readonly values: Float32Array;
}

/** A row of a file that cannot be judged, and why, in one English sentence without its content. */
export interface UncutRow {
  readonly line: number;
  readonly reason: string;
}

/** Cuts the rows of one file into examples without labels, as the training data are cut. Holds one window per series at most. */
export class ExampleCutter {
  /** Columns that {@link push} expects the fields of, in this order. */
  readonly columns: readonly string[];
  readonly #input: ColumnInput;
  readonly #places: ReadonlyMap<string, number>;
  readonly #feeds = new Map<string, SeriesFeed>();
  readonly #units = new Map<string, string>();

  constructor(input: ColumnInput) {
    this.#input = input;
    const groupColumn = groupColumnOf(input);
    this.columns = [...new Set([...input.columns, ...(groupColumn === undefined ? [] : [groupColumn])])];
    this.#places = new Map(this.columns.map((column, place) => [column, place]));
  }

  /** @returns what the row completes; null where that is nothing yet */
  push({ fields, line, decimal }: CsvRow): CutExample | UncutRow | null {
    const input = this.#input;
    const field = (column: string) => fields[this.#places.get(column)!]!;
    const values = readValues(input, { field, decimal, units: this.#units });
    if (typeof values === 'string') {
      // What follows an unreadable row does not follow what was before it; which series it was of is not known.
      for (const feed of this.#feeds.values()) feed.breakOff();
      return { line, reason: values };
    }
    if (input.kind === 'table') return { line, series: '', values: Float32Array.from(values as number[]) };
    const groupColumn = groupColumnOf(input);
    const series = groupColumn === undefined ? '' : tidyField(field(groupColumn));
    const feed = this.#feeds.get(series) ?? new SeriesFeed(input);
    this.#feeds.set(series, feed);
    const window = feed.push(values);
    return window === null ? null : { line, series, values: window };
  }
}

function groupColumnOf(input: ColumnInput): string | undefined {
  return input.kind === 'series' ? input.groupColumn : undefined;
}
