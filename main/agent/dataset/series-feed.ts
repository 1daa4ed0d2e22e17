import type { TaskInput } from '@genba/shared/model/task';

/**
 * Cuts one series that is still going on into windows, as the training data are cut: where a sensor says nothing its last
 * value counts, and rows before its first value are passed over. Holds one window at most.
 */
export class SeriesFeed {
  readonly #windowRows: number;
  readonly #strideRows: number;
  #last: (number | null)[];
  #rows: (readonly number[])[] = [];
  #rowsToSkip = 0;

  /** @param strideRows rows from one window to the next; a live judgement may want fewer than the task */
  constructor(input: Extract<TaskInput, { kind: 'series' }>, strideRows = input.strideRows) {
    this.#windowRows = input.windowRows;
    this.#strideRows = strideRows;
    this.#last = input.columns.map(() => null);
  }

  /**
   * Takes the next row, in the order of the task's columns.
   * @returns a window once it is full, not standardised, `[row, column]`; null before
   */
  push(values: readonly (number | null)[]): Float32Array | null {
    this.#last = values.map((value, column) => value ?? this.#last[column]!);
    if (this.#last.includes(null)) return null;
    if (this.#rowsToSkip > 0) {
      this.#rowsToSkip -= 1;
      return null;
    }
    this.#rows.push(this.#last as number[]);
    if (this.#rows.length < this.#windowRows) return null;
    const window = Float32Array.from(this.#rows.flat());
    this.#rows = this.#rows.slice(this.#strideRows);
    this.#rowsToSkip = Math.max(0, this.#strideRows - this.#windowRows);
    return window;
  }

  /** Something is missing in between: a new window begins. What the sensors said last still counts. */
  breakOff(): void {
    this.#rows = [];
  }
}
