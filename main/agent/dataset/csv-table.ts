import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { type CsvPass, type CsvSource, readEachFile, rowName } from './csv-files.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { type ReadExamples, type ReadOptions, SkippedItems } from './examples.ts';
import { FloatList } from './float-list.ts';
import { RowReader } from './row-reader.ts';

/**
 * Reads a table: CSV files with a header row, as people and machines write them (`csv-dialect.ts`). A row with a missing
 * value, or one that is not a number, is skipped and counted.
 *
 * Shapes: `[row, column]` in the order of the task's columns, not yet standardised.
 * @throws AppError `dataset/mismatch` (a column is missing, a label is no class of the task), `dataset/damaged`
 */
export async function readTable(
  source: CsvSource,
  task: Task,
  options: ReadOptions = {},
): Promise<ReadExamples> {
  const { input } = task;
  if (input.kind !== 'table') {
    throw new AppError('dataset/mismatch', {
      detail: `the task needs ${input.kind === 'image' ? 'images' : 'a series'}, not a table`,
    });
  }
  const reader = new RowReader(task, input, options.onUnknownClass);
  const skipped = new SkippedItems();
  const inputs = new FloatList();
  const labels: number[] = [];
  const targets: number[] = [];
  const groups: string[] = [];
  const moments: number[] = [];
  const readFile = (file: string, { onBytes, isLastRow }: CsvPass) => {
    const take = (row: CsvRow) => {
      const read = reader.read(row);
      if (typeof read === 'string') {
        skipped.add(rowName(source, file, row.line), read);
        return isLastRow();
      }
      inputs.push(read.values as number[]);
      labels.push(read.label);
      if (read.target !== null) targets.push(read.target);
      if (read.group !== null) groups.push(read.group);
      if (read.moment !== null) moments.push(read.moment);
      return isLastRow();
    };
    return readCsvRows(file, reader.columns, take, onBytes);
  };
  const rows = await readEachFile(source, skipped, readFile, options);
  return {
    examples: {
      inputs: inputs.slice(),
      labels: Uint16Array.from(labels),
      ...(targets.length > 0 ? { targets: Float32Array.from(targets) } : {}),
    },
    skipped,
    rows,
    ...(groups.length > 0 ? { groups } : {}),
    ...(moments.length > 0 ? { moments } : {}),
  };
}
