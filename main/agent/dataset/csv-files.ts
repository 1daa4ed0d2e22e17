import { basename } from 'node:path';
import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { DatasetSource } from './detect.ts';
import type { ReadOptions, SkippedItems } from './examples.ts';
import { statFiles } from './source-files.ts';

/** The CSV files of a dataset. */
export type CsvSource = Extract<DatasetSource, { kind: 'csv' }>;

/** Goes on counting from file to file. */
export interface CsvPass {
  /** For `readCsvRows`. */
  readonly onBytes: (count: number) => void;
  /** Counts a row. @returns whether that was the last one wanted */
  readonly isLastRow: () => boolean;
}

/**
 * Reads the files of a folder one after the other. One that lacks a column or is damaged is skipped and listed, as long
 * as another can be read: folders collect what does not belong there.
 * @returns how many rows that were, used or not
 * @throws AppError of the first file where none can be read
 */
export async function readEachFile(
  { files }: CsvSource,
  skipped: SkippedItems,
  read: (file: string, pass: CsvPass) => Promise<void>,
  { onProgress, maxRows = Number.POSITIVE_INFINITY }: ReadOptions = {},
): Promise<number> {
  const errors: AppError[] = [];
  const total = onProgress === undefined ? 0 : await sizeOf(files);
  let done = 0;
  let rows = 0;
  const pass: CsvPass = {
    onBytes: (count) => {
      done += count;
      onProgress?.(done, total);
    },
    isLastRow: () => {
      rows += 1;
      return rows >= maxRows;
    },
  };
  for (const file of files) {
    if (rows >= maxRows) break;
    try {
      await read(file, pass);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (files.length === 1 || !isOfThisFile(error)) throw thrown;
      errors.push(error);
      skipped.add(basename(file), error.detail ?? error.message);
    }
  }
  if (errors.length === files.length) throw errors[0]!;
  return rows;
}

async function sizeOf(files: readonly string[]): Promise<number> {
  return (await statFiles(files)).reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

/** A label that no class has is told to a person: skipping the file would hide a defect that nobody has named yet. */
function isOfThisFile({ code, detail }: AppError): boolean {
  return code === 'dataset/damaged' || (code === 'dataset/mismatch' && detail!.startsWith('missing columns'));
}

/** How a row is called where it could not be used. */
export function rowName({ files }: CsvSource, file: string, line: number): string {
  return files.length === 1 ? `line ${line}` : `${basename(file)}, line ${line}`;
}
