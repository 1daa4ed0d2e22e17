import { AppError } from '@genba/shared/errors/app-error';
import { scaleTarget } from '@genba/shared/model/target-scale';
import { objectiveOf, splitOf, type Task } from '@genba/shared/model/task';
import { type DecimalSign, isMissing, readMoment, readNumber, splitUnit, tidyField } from './csv-number.ts';
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
  readonly #onUnknownClass: ((name: string) => void) | undefined;
  readonly #units: ColumnUnits = new Map();

  /** @param onUnknownClass is told a label that no class has, and its row is not used; left out: that ends the reading */
  constructor(task: Task, input: ColumnInput, onUnknownClass?: (name: string) => void) {
    this.#onUnknownClass = onUnknownClass;
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
    const values = readValues(this.#input, { field, decimal, units: this.#units });
    if (typeof values === 'string') return values;
    const { labelColumn } = this.#input;
    let label = 0;
    let target: number | null = null;
    if (labelColumn !== undefined) {
      const text = field(labelColumn);
      if (tidyField(text) === '') return `"${labelColumn}" is missing`;
      if (this.#range === null) {
        const found = this.#classOf(text, `line ${line}, "${labelColumn}"`);
        if (found === null) return `"${labelColumn}" is no class of the task`;
        label = found;
      } else {
        const number = readQuantity(labelColumn, text, decimal, this.#units);
        if (typeof number === 'string') return number;
        target = scaleTarget(number, this.#range);
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

  #classOf(text: string, where: string): number | null {
    const name = tidyField(text);
    const label = this.#classes.get(name);
    if (label === undefined) {
      if (this.#onUnknownClass !== undefined) {
        this.#onUnknownClass(name);
        return null;
      }
      throw new AppError('dataset/mismatch', { detail: `${where}: not a class of the task` });
    }
    return label;
  }
}

/** Units found behind the numbers of each column; `''` is never kept. */
export type ColumnUnits = Map<string, string>;

interface RowFields {
  readonly field: (column: string) => string;
  readonly decimal: DecimalSign;
  /** Remembered from row to row: a column has one unit, or none. */
  readonly units: ColumnUnits;
}

/**
 * Reads what a model takes of a row.
 * @returns values in the order of the task's columns, null where a series has none; or why the row cannot be used
 */
export function readValues(
  { kind, columns }: Pick<ColumnInput, 'kind' | 'columns'>,
  { field, decimal, units }: RowFields,
): (number | null)[] | string {
  const values: (number | null)[] = [];
  for (const column of columns) {
    const text = field(column);
    if (!isMissing(text)) {
      const value = readQuantity(column, text, decimal, units);
      if (typeof value === 'string') return value;
      values.push(value);
      // A series goes on with what a sensor said last; a row of a table has nobody to ask.
    } else if (kind === 'table') return `"${column}" is missing`;
    else values.push(null);
  }
  return values;
}

/** Two units in one column are not mixed: what is 5 mm and what 5 cm would be the same number. */
function readQuantity(
  column: string,
  text: string,
  decimal: DecimalSign,
  units: ColumnUnits,
): number | string {
  const plain = readNumber(text, decimal);
  if (plain !== null) return plain;
  const quantity = splitUnit(text);
  const value = quantity === null ? null : readNumber(quantity.number, decimal);
  if (quantity === null || value === null) return `"${column}" is not a number`;
  const unit = units.get(column) ?? quantity.unit;
  units.set(column, unit);
  return unit === quantity.unit ? value : `"${column}" has another unit than before`;
}

function groupColumnOf(input: ColumnInput): string | undefined {
  return input.kind === 'series' ? input.groupColumn : undefined;
}

function splitColumnOf(split: ReturnType<typeof splitOf>): string | undefined {
  return split.by === 'column' || split.by === 'time' ? split.column : undefined;
}
