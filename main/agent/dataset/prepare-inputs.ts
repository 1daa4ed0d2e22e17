import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { columnKey } from './csv-dialect.ts';
import { readCsvRows } from './csv-rows.ts';
import { decodePicture } from './decode-picture.ts';
import { ExampleCutter, type UncutRow } from './example-cutter.ts';
import { ExamplesFolder } from './kept-examples.ts';
import { type ColumnInput, readValues } from './row-reader.ts';
import { SeriesFeed } from './series-feed.ts';
import { type ColumnStatistics, standardise } from './standardise.ts';

/** A row as a program sends it: values by the names of their columns. */
export type InputRecord = Readonly<Record<string, string | number | null>>;

/** One example as the model takes it: bytes of a picture, or standardised numbers. */
export type PreparedInput = Uint8Array | Float32Array;

/** A row, or a window of rows, of a file. */
export interface PreparedRow {
  /** Line in the file; of a window the last. From 1. */
  readonly line: number;
  /** Series that a window is of, as its column names it; `''` where there is none. */
  readonly series: string;
  readonly input: Float32Array;
}

/** Columns' mean and deviation as this plant last read them; null for pictures, or where nothing was read yet. */
export function keptStatistics(dataFolder: string): ColumnStatistics | null {
  return new ExamplesFolder(dataFolder).read()?.statistics ?? null;
}

/**
 * Turns new pictures, rows and series into what a plant's model takes, exactly as its training data were: the same
 * decoding, the same forgiving reading of numbers, and the mean and deviation of the plant's own training part, which are
 * kept on disk ({@link keptStatistics}; a running agent has them as `DatasetKeeper.statistics`). No label is needed.
 * After the data were read anew those figures are others: make a new preparer then.
 *
 * Shapes: inputs have `inputWidth(task.input)` values, ordered as `inputShape` says.
 */
export class InputPreparer {
  readonly #input: Task['input'];
  /** null for pictures, which need none. */
  readonly statistics: ColumnStatistics | null;

  /** @throws AppError `dataset/not-read` where a table or series has no statistics (of other columns count as none) */
  constructor({ input }: Pick<Task, 'input'>, statistics: ColumnStatistics | null) {
    this.#input = input;
    this.statistics = statistics;
    if (input.kind !== 'image' && statistics?.means.length !== input.columns.length) {
      throw new AppError('dataset/not-read');
    }
  }

  /**
   * A picture from a file or its content.
   * @throws Error in one English sentence where it is none (`pictureReason`); AppError `dataset/mismatch`
   */
  async picture(source: string | Uint8Array): Promise<Uint8Array> {
    if (this.#input.kind !== 'image') throw mismatch(`the task needs a ${this.#input.kind}, not pictures`);
    return decodePicture(source, this.#input);
  }

  /**
   * A row of a table that a program sends. Names of columns are met as in files.
   * @throws AppError `dataset/mismatch` naming the columns that are missing or hold no number
   */
  record(record: InputRecord): Float32Array {
    const input = this.#columnInput();
    if (input.kind !== 'table') throw mismatch('the task needs a series, not single rows');
    return this.standardised(Float32Array.from(this.values(record) as number[]));
  }

  /**
   * A row for a {@link feed}: values in the order of the task's columns, null where a series has none.
   * @throws AppError `dataset/mismatch`
   */
  values(record: InputRecord): (number | null)[] {
    const input = this.#columnInput();
    const fields = new Map(Object.entries(record).map(([name, value]) => [columnKey(name), value]));
    const absent = input.columns.filter((column) => !fields.has(columnKey(column)));
    if (absent.length > 0) {
      throw mismatch(`missing columns: ${absent.map((column) => `"${column}"`).join(', ')}`);
    }
    const values = readValues(input, {
      field: (column) => String(fields.get(columnKey(column)) ?? ''),
      decimal: '.',
      units: new Map(),
    });
    if (typeof values === 'string') throw mismatch(values);
    return values;
  }

  /**
   * A series that is still going on; give it the rows that {@link values} reads, and it gives windows.
   * @param strideRows rows from one window to the next; the task's where left out
   */
  feed(strideRows?: number): {
    push(values: readonly (number | null)[]): Float32Array | null;
    breakOff(): void;
  } {
    const input = this.#columnInput();
    if (input.kind !== 'series') throw mismatch('the task needs single rows, not a series');
    const feed = new SeriesFeed(input, strideRows);
    return {
      push: (values) => {
        const window = feed.push(values);
        return window === null ? null : this.standardised(window);
      },
      breakOff: () => feed.breakOff(),
    };
  }

  /**
   * The rows of a CSV file, or the windows of the series in it, one after the other, however large the file is. Where one
   * is taken with a promise, the next comes when that has resolved.
   * @throws AppError `dataset/mismatch` (a column is missing), `dataset/damaged`
   */
  async csv(
    file: string,
    take: (row: PreparedRow) => unknown,
    skip: (row: UncutRow) => unknown,
  ): Promise<void> {
    const cutter = this.cutter();
    await readCsvRows(file, cutter.columns, (row) => {
      const cut = cutter.push(row);
      if (cut === null) return undefined;
      if ('reason' in cut) return skip(cut);
      return take({ line: cut.line, series: cut.series, input: this.standardised(cut.values) });
    });
  }

  /** What cuts the rows of one file into examples, which {@link standardised} then makes inputs of. @throws as {@link values} */
  cutter(): ExampleCutter {
    return new ExampleCutter(this.#columnInput());
  }

  /** Values as a model takes them; those given stay as they are. */
  standardised(values: Float32Array): Float32Array {
    const input = values.slice();
    standardise(input, this.statistics!);
    return input;
  }

  #columnInput(): ColumnInput {
    if (this.#input.kind === 'image') throw mismatch('the task needs pictures, not rows');
    return this.#input;
  }
}

function mismatch(detail: string): AppError {
  return new AppError('dataset/mismatch', { detail });
}
