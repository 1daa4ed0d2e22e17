import { basename } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { type CsvPass, type CsvSource, readEachFile, rowName } from './csv-files.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { type ReadExamples, type ReadOptions, SkippedItems } from './examples.ts';
import { FloatList } from './float-list.ts';
import { type ReadRow, RowReader } from './row-reader.ts';

/**
 * Reads series: CSV files whose rows follow each other in time, cut into windows. A window never spans two series, which
 * are told apart by the task's column for that, or by file. Where a sensor says nothing its last value counts; rows
 * before its first value are skipped, and so are rows that cannot be read, after which a new window begins.
 *
 * Shapes: `[window, row, column]`, not yet standardised. The class of a window is the last in the task's list that any of
 * its rows has; the target is that of its last row; what keeps it together with others in the split is its last row's, too.
 * @throws AppError `dataset/mismatch` (a column is missing, a label is no class of the task), `dataset/damaged`
 */
export async function readSeries(
  source: CsvSource,
  task: Task,
  options: ReadOptions = {},
): Promise<ReadExamples> {
  const { input } = task;
  if (input.kind !== 'series') {
    throw new AppError('dataset/mismatch', { detail: 'the task needs no series' });
  }
  const reader = new RowReader(task, input, options.onUnknownClass);
  const skipped = new SkippedItems();
  const cutter = new WindowCutter(input);
  const readFile = (file: string, { onBytes, isLastRow }: CsvPass) => {
    const prefix = `${basename(file)}\n`;
    const take = (row: CsvRow) => {
      const read = reader.read(row);
      const reason = typeof read === 'string' ? read : cutter.add(prefix + read.series, read);
      if (reason !== null) skipped.add(rowName(source, file, row.line), reason);
      // What follows an unreadable row does not follow what was before it; which series it was of is not known.
      if (typeof read === 'string') cutter.breakAll();
      return isLastRow();
    };
    return readCsvRows(file, reader.columns, take, onBytes);
  };
  const rows = await readEachFile(source, skipped, readFile, options);
  return { ...cutter.windows(), skipped, rows };
}

/** A series as far as it was read. */
interface OpenSeries {
  /** Of the window that is being filled. */
  rows: ReadRow[];
  /** What each column said last. */
  last: (number | null)[];
  /** Rows to leave out before the next window, where windows do not touch. */
  rowsToSkip: number;
  /** Its windows, by their place among all. */
  readonly windows: number[];
}

/** Cuts rows of interleaved series into windows. Holds one window of rows per series at most. */
class WindowCutter {
  readonly #input: Extract<Task['input'], { kind: 'series' }>;
  readonly #series = new Map<string, OpenSeries>();
  readonly #inputs = new FloatList();
  readonly #labels: number[] = [];
  readonly #targets: number[] = [];
  readonly #groups: string[] = [];
  readonly #moments: number[] = [];

  constructor(input: Extract<Task['input'], { kind: 'series' }>) {
    this.#input = input;
  }

  /** @returns why the row cannot be used; null where it can */
  add(name: string, row: ReadRow): string | null {
    const { columns, windowRows, strideRows } = this.#input;
    let series = this.#series.get(name);
    if (series === undefined) {
      series = { rows: [], last: columns.map(() => null), rowsToSkip: 0, windows: [] };
      this.#series.set(name, series);
    }
    const { last } = series;
    series.last = row.values.map((value, column) => value ?? last[column]!);
    const missing = series.last.indexOf(null);
    if (missing !== -1) return `"${columns[missing]}" has no value yet`;
    if (series.rowsToSkip > 0) {
      series.rowsToSkip -= 1;
      return null;
    }
    series.rows.push({ ...row, values: series.last });
    if (series.rows.length === windowRows) {
      series.windows.push(this.#labels.length);
      this.#cut(series.rows);
      series.rows = series.rows.slice(strideRows);
      series.rowsToSkip = Math.max(0, strideRows - windowRows);
    }
    return null;
  }

  /** Begins all windows anew. */
  breakAll(): void {
    for (const series of this.#series.values()) series.rows = [];
  }

  windows(): Omit<ReadExamples, 'skipped'> {
    return {
      examples: {
        inputs: this.#inputs.slice(),
        labels: Uint16Array.from(this.#labels),
        ...(this.#targets.length > 0 ? { targets: Float32Array.from(this.#targets) } : {}),
      },
      overlaps: {
        series: [...this.#series.values()].map(({ windows }) => windows),
        reach: Math.ceil(this.#input.windowRows / this.#input.strideRows) - 1,
      },
      ...(this.#groups.length > 0 ? { groups: this.#groups } : {}),
      moments: this.#moments.length > 0 ? this.#moments : this.#shareOfSeries(),
    };
  }

  /**
   * Where nobody says how to split, the newest share of each series is held out: windows that overlap or follow each other
   * closely are nearly the same, and must not be dealt out at random.
   */
  #shareOfSeries(): number[] {
    const moments: number[] = new Array(this.#labels.length).fill(0);
    for (const { windows } of this.#series.values()) {
      for (const [index, place] of windows.entries()) moments[place] = (index + 1) / windows.length;
    }
    return moments;
  }

  #cut(rows: readonly ReadRow[]): void {
    for (const { values } of rows) this.#inputs.push(values as number[]);
    const last = rows.at(-1)!;
    this.#labels.push(rows.reduce((latest, { label }) => Math.max(latest, label), 0));
    if (last.target !== null) this.#targets.push(last.target);
    if (last.group !== null) this.#groups.push(last.group);
    if (last.moment !== null) this.#moments.push(last.moment);
  }
}
