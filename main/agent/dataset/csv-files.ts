import { basename } from 'node:path';
import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { DatasetSource } from './detect.ts';
import type { SkippedItems } from './examples.ts';

/** The CSV files of a dataset. */
export type CsvSource = Extract<DatasetSource, { kind: 'csv' }>;

/**
 * Reads the files of a folder one after the other. One that lacks a column or is damaged is skipped and listed, as long
 * as another can be read: folders collect what does not belong there.
 * @throws AppError of the first file where none can be read
 */
export async function readEachFile(
  { files }: CsvSource,
  skipped: SkippedItems,
  read: (file: string) => Promise<void>,
): Promise<void> {
  const errors: AppError[] = [];
  for (const file of files) {
    try {
      await read(file);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (files.length === 1 || !isOfThisFile(error)) throw thrown;
      errors.push(error);
      skipped.add(basename(file), error.detail ?? error.message);
    }
  }
  if (errors.length === files.length) throw errors[0]!;
}

/** A label that no class has is told to a person: skipping the file would hide a defect that nobody has named yet. */
function isOfThisFile({ code, detail }: AppError): boolean {
  return code === 'dataset/damaged' || (code === 'dataset/mismatch' && detail!.startsWith('missing columns'));
}

/** How a row is called where it could not be used. */
export function rowName({ files }: CsvSource, file: string, line: number): string {
  return files.length === 1 ? `line ${line}` : `${basename(file)}, line ${line}`;
}
