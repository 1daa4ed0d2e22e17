import { AppError } from '@genba/shared/errors/app-error';
import { objectiveOf, splitOf, type Task } from '@genba/shared/model/task';
import { type DecimalSign, isMissing, readMoment, readNumber, tidyField } from './csv-number.ts';
import type { CsvRow } from './csv-rows.ts';

export type ColumnInput = Extract<Task['input'], { kind: 'table' | 'series' }>;

/** What a task wants of a row. */
export interface ReadRow {
  /** In the order of the task's columns; null where the row has none. */
  readonly values: readonly (number | null)[];
  /** Index of the class; 0 where the task has no label column, or learns a number. */
  readonly label: number;
  /** The number to be learnt, scaled by the task's range; null where a class is learnt. */
  readonly target: number | null;
  /** Name of the series that it belongs to; `''` where the task has no such column. */
  readonly series: string;
  /** What stays together in the split, and in which order; null where the task does not ask. */
  readonly group: string | null;
  readonly moment: number | null;
}

/** Turns the rows of a CSV file into what a task wants of them. */
export class RowReader {
  /** Names of the columns to read, in the order in which {@link read} expects their fields. */
  readonly columns: readonly string[];
  readonly #input: ColumnInput;
  readonly #split: ReturnType<typeof splitOf>;
  readonly #classes: ReadonlyMap<string, number>;
  readonly #range: readonly [number, number] | null;
  readonly #places: ReadonlyMap<string, number>;

  constructor(task: Task, input: ColumnInput) {
    const objective = objectiveOf(task);
    this.#input = input;
    this.#split = splitOf(task);
    this.#range = objective.kind === 'regression' ? objective.range : null;
    this.#classes = new Map(task.classes.map((name, label) => [tidyField(name), label]));
    const others = [input.labelColumn, groupColumnOf(input), splitColumnOf(this.#split)];
    this.columns = [...new Set([...input.columns, ...others.filter((name) => name !== undefined)])];
    this.#places = new Map(this.columns.map((name, place) => [name, place]));
  }

  /**
   * @returns what is in the row; or, in one English sentence without the row's content, why it cannot be used
   * @throws AppError `dataset/mismatch` for a label that is no class of the task
   */
  read({ fields, line, decimal }: CsvRow): ReadRow | string {
    const field = (column: string) => fields[this.#places.get(column)!]!;
    const values = readValues(this.#input, field, decimal);
    if (typeof values === 'string') return values;
    const { labelColumn } = this.#input;
    let label = 0;
    let target: number | null = null;
    if (labelColumn !== undefined) {
      const text = field(labelColumn);
      if (tidyField(text) === '') return `"${labelColumn}" is missing`;
      if (this.#range === null) label = this.#classOf(text, `line ${line}, "${labelColumn}"`);
      else {
        const number = readNumber(text, decimal);
        if (number === null) return `"${labelColumn}" is not a number`;
        const [lowest, highest] = this.#range;
        target = (2 * number - lowest - highest) / (highest - lowest);
      }
    }
    const splitColumn = splitColumnOf(this.#split);
    let moment: number | null = null;
    if (this.#split.by === 'time') {
      moment = readMoment(field(splitColumn!), decimal);
      if (moment === null) return `"${splitColumn}" is neither a time nor a number`;
    }
    const group = this.#split.by === 'column' ? tidyField(field(splitColumn!)) : null;
    const groupColumn = groupColumnOf(this.#input);
    const series = groupColumn === undefined ? '' : tidyField(field(groupColumn));
    return { values, label, target, series, group, moment };
  }

  #classOf(text: string, where: string): number {
    const label = this.#classes.get(tidyField(text));
    if (label === undefined) {
      throw new AppError('dataset/mismatch', { detail: `${where}: not a class of the task` });
    }
    return label;
  }
}

/**
 * Reads what a model takes of a row.
 * @returns values in the order of the task's columns, null where a series has none; or why the row cannot be used
 */
export function readValues(
  { kind, columns }: Pick<ColumnInput, 'kind' | 'columns'>,
  field: (column: string) => string,
  decimal: DecimalSign,
): (number | null)[] | string {
  const values: (number | null)[] = [];
  for (const column of columns) {
    const text = field(column);
    const value = readNumber(text, decimal);
    if (value === null && !isMissing(text)) return `"${column}" is not a number`;
    // A series goes on with what a sensor said last; a row of a table has nobody to ask.
    if (value === null && kind === 'table') return `"${column}" is missing`;
    values.push(value);
  }
  return values;
}

function groupColumnOf(input: ColumnInput): string | undefined {
  return input.kind === 'series' ? input.groupColumn : undefined;
}

function splitColumnOf(split: ReturnType<typeof splitOf>): string | undefined {
  return split.by === 'column' || split.by === 'time' ? split.column : undefined;
}
