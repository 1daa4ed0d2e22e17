import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import { stringify } from 'csv-stringify/sync';
import { resultCells, resultColumns } from './result-words.ts';

/** A table of results for spreadsheets: with a byte order mark, by which Excel knows UTF-8. */
export class ResultTable {
  readonly #file: string;
  readonly #language: Language;
  readonly #descriptor: number;

  /** Begins a new file in place of an old one. @throws AppError `judging/file-not-writable` */
  constructor(file: string, language: Language) {
    this.#file = file;
    this.#language = language;
    this.#descriptor = this.#orRefuse(() => openSync(file, 'w'));
    this.#write(tableText([resultColumns(language)], { bom: true }));
  }

  /** @throws AppError `judging/file-not-writable` */
  add(items: readonly JudgedItem[]): void {
    this.#write(tableText(items.map((item) => resultCells(item, this.#language))));
  }

  /** All of it is on disk then. @throws AppError `judging/file-not-writable` */
  close(): void {
    this.#orRefuse(() => {
      fsyncSync(this.#descriptor);
      closeSync(this.#descriptor);
    });
  }

  #write(text: string): void {
    this.#orRefuse(() => writeFileSync(this.#descriptor, text));
  }

  #orRefuse<Result>(write: () => Result): Result {
    try {
      return write();
    } catch (cause) {
      // Excel, too, keeps a file that it shows from being written.
      throw new AppError('judging/file-not-writable', { detail: this.#file, cause });
    }
  }
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const BEGINS_FORMULA = /^[=+\-@\t\r]/;

/** Rows of a CSV file as spreadsheets read them: numbers stay numbers, and no other cell begins a formula. */
export function tableText(rows: readonly (readonly string[])[], { bom = false } = {}): string {
  const harmless = (cell: string) => (BEGINS_FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell);
  return stringify(
    rows.map((cells) => cells.map(harmless)),
    { bom, record_delimiter: 'windows' },
  );
}
