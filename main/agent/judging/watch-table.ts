import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { JudgedItem, JudgingModel } from '@genba/shared/local-api/judging';
import { writeDurably } from '../store/durable-file.ts';
import { tableText } from './result-table.ts';
import { resultCells, resultColumns } from './result-words.ts';

/** Last column of the head, by which a file is known to be such a table, whoever has saved it since. */
const DIGEST_COLUMN = 'sha256';

const DIGEST = /\b[0-9a-f]{64}\b/g;

const WORDS = { en: { at: 'judged at', model: 'model' }, ja: { at: '判定日時', model: 'モデル' } } as const;

/** A judged picture, as it is written down. */
export interface WatchedRow {
  /** ISO 8601. */
  readonly at: string;
  readonly item: JudgedItem;
  readonly model: JudgingModel;
  /** sha256 of the picture's bytes. */
  readonly digest: string;
}

/**
 * The table of a watched folder. It is also the record of which pictures were judged: a picture is, when its whole row is on
 * disk. So nothing can disagree, wherever the agent was killed.
 */
export class WatchTable {
  readonly #file: string;
  readonly #language: Language;

  constructor(file: string, language: Language) {
    this.#file = file;
    this.#language = language;
  }

  /**
   * Makes the file where there is none, and cuts off a row that was not written to its end.
   * @returns the digests of the pictures that have a row
   * @throws AppError `judging/other-file`, `judging/file-not-writable`
   */
  open(): Set<string> {
    return this.#orRefuse(() => {
      if (!existsSync(this.#file)) {
        const { at, model } = WORDS[this.#language];
        const head = [at, ...resultColumns(this.#language), model, DIGEST_COLUMN];
        writeDurably(this.#file, tableText([head], { bom: true }));
        return new Set<string>();
      }
      // Latin-1 keeps every byte one character; a digest is the same in whatever encoding Excel saves.
      const text = readFileSync(this.#file, 'latin1');
      const end = text.lastIndexOf('\n') + 1;
      if (!text.slice(0, text.indexOf('\n') + 1).includes(DIGEST_COLUMN)) {
        throw new AppError('judging/other-file', { detail: this.#file });
      }
      if (end < text.length) truncateSync(this.#file, end);
      return new Set(text.slice(0, end).match(DIGEST) ?? []);
    });
  }

  /** All of it is on disk then. @throws AppError `judging/file-not-writable`; some of it may be there all the same */
  add(rows: readonly WatchedRow[]): void {
    const cells = rows.map(({ at, item, model, digest }) => [
      at,
      ...resultCells(item, this.#language),
      `${model.model} ${model.globalVersion}`,
      digest,
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
