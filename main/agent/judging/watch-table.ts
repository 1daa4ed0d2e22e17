import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { JudgedItem, JudgingModel } from '@genba/shared/local-api/judging';
import { writeDurably } from '../../durable-file/durable-file.ts';
import { tableText } from './result-table.ts';
import { resultCells, resultColumns } from './result-words.ts';

/**
 * What the rows of a table are known by: the last column, whoever has saved the file since. A picture by the sha256 of its
 * bytes; a row of a CSV file, or a window, by the id of its file and its line.
 */
export const TABLE_KEYS = {
  picture: { column: 'sha256', pattern: /\b[0-9a-f]{64}\b/g },
  row: { column: 'position', pattern: /\b[0-9a-f]{12}@\d+\b/g },
} as const;
export type TableKeys = (typeof TABLE_KEYS)[keyof typeof TABLE_KEYS];

/** Spreadsheets open 1,048,576 rows. */
const MOST_ROWS = 1_000_000;

const READ_BYTES = 2 ** 20;

const WORDS = { en: { at: 'judged at', model: 'model' }, ja: { at: '判定日時', model: 'モデル' } } as const;

/** Something judged, as it is written down. */
export interface WatchedRow {
  /** ISO 8601. */
  readonly at: string;
  readonly item: JudgedItem;
  readonly model: JudgingModel;
  /** As {@link TABLE_KEYS} say. */
  readonly key: string;
}

/**
 * The table of a watch. It is also the record of what was judged: something is, when its whole row is on disk. So nothing
 * can disagree, wherever the agent was killed.
 */
export class WatchTable {
  readonly #file: string;
  readonly #language: Language;
  readonly #keys: TableKeys;
  #rowCount = 0;

  constructor(file: string, language: Language, keys: TableKeys) {
    this.#file = file;
    this.#language = language;
    this.#keys = keys;
  }

  /**
   * Makes the file where there is none, and cuts off a row that was not written to its end. However large the file is, it
   * is read piece by piece.
   * @param take is given the keys of the rows that are there
   * @throws AppError `judging/other-file`, `judging/file-not-writable`
   */
  open(take: (key: string) => void): void {
    this.#rowCount = 0;
    this.#orRefuse(() => {
      if (!existsSync(this.#file)) {
        const { at, model } = WORDS[this.#language];
        const head = [at, ...resultColumns(this.#language), model, this.#keys.column];
        writeDurably(this.#file, tableText([head], { bom: true }));
        return;
      }
      const descriptor = openSync(this.#file, 'r+');
      try {
        this.#read(descriptor, take);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** All of it is on disk then. @throws AppError `judging/file-not-writable`; some of it may be there all the same */
  add(rows: readonly WatchedRow[]): void {
    const cells = rows.map(({ at, item, model, key }) => [
      at,
      ...resultCells(item, this.#language),
      `${model.model} ${model.globalVersion}`,
      key,
    ]);
    this.#orRefuse(() => {
      // Open for the moment only: under Windows nobody else could look at it.
      const descriptor = openSync(this.#file, 'a');
      try {
        writeFileSync(descriptor, tableText(cells));
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
    this.#rowCount += rows.length;
  }

  /** Whether it has about as many rows as a spreadsheet can open. */
  get isFull(): boolean {
    return this.#rowCount >= MOST_ROWS;
  }

  /**
   * Puts the table aside under a name with the moment; the next {@link open} begins a new one. Only where something else
   * remembers what was judged.
   */
  putAside(at: Date): void {
    const { dir, name, ext } = path.parse(this.#file);
    const moment = at.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '');
    this.#orRefuse(() => renameSync(this.#file, path.join(dir, `${name} ${moment}${ext}`)));
  }

  #read(descriptor: number, take: (key: string) => void): void {
    const buffer = Buffer.alloc(READ_BYTES);
    // Latin-1 keeps every byte one character; a key is the same in whatever encoding Excel saves.
    let rest = '';
    let end = 0;
    let hasHead = false;
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      const text = rest + buffer.toString('latin1', 0, length);
      const whole = text.lastIndexOf('\n') + 1;
      if (!hasHead && whole > 0) {
        hasHead = text.slice(0, text.indexOf('\n')).includes(this.#keys.column);
        if (!hasHead) break;
      }
      for (const [key] of text.slice(0, whole).matchAll(this.#keys.pattern)) {
        this.#rowCount += 1;
        take(key);
      }
      end += whole;
      rest = text.slice(whole);
    }
    if (!hasHead) throw new AppError('judging/other-file', { detail: this.#file });
    if (rest !== '') ftruncateSync(descriptor, end);
  }

  #orRefuse<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError('judging/file-not-writable', { detail: this.#file, cause });
    }
  }
}
