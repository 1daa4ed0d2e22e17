import path from 'node:path';
import type { Label } from '@genba/shared/local-api/labelling';
import type { AgentDatabase } from '../store/database.ts';

/** A person's word on a picture, before it has a number. */
export interface NewLabel {
  /** sha256 of the picture's bytes. */
  readonly picture: string;
  readonly path: string;
  readonly className: string;
  readonly labelledBy: string;
  /** ISO 8601. */
  readonly labelledAt: string;
}

interface Row {
  readonly label_id: number;
  readonly picture: string;
  readonly path: string;
  readonly class: string;
  readonly labelled_by: string;
  readonly labelled_at: string;
  readonly undone_at: string | null;
}

/** Keeps every label with who and when, also those that were taken back. */
export class LabelStore {
  readonly #database: AgentDatabase;

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /** Puts a label in force; an earlier one of the same picture is taken back with it. */
  add({ picture, path: where, className, labelledBy, labelledAt }: NewLabel): void {
    this.#database.transaction(() => {
      this.#database
        .prepare('UPDATE label SET undone_at = ? WHERE picture = ? AND undone_at IS NULL')
        .run(labelledAt, picture);
      this.#database
        .prepare('INSERT INTO label (picture, path, class, labelled_by, labelled_at) VALUES (?, ?, ?, ?, ?)')
        .run(picture, where, className, labelledBy, labelledAt);
    })();
  }

  /**
   * Takes the newest label back that is in force. What the picture was called before comes back into force, if the one
   * taken back had corrected it.
   * @returns what was taken back; null where there was nothing
   */
  undo(at: string): Label | null {
    return this.#database.transaction(() => {
      const last = this.last();
      if (last === null) return null;
      this.#database.prepare('UPDATE label SET undone_at = ? WHERE label_id = ?').run(at, last.labelId);
      // A correction ended the one before at its own moment.
      this.#database
        .prepare('UPDATE label SET undone_at = NULL WHERE picture = ? AND undone_at = ? AND label_id < ?')
        .run(last.picture, last.labelledAt, last.labelId);
      return { ...last, undoneAt: at };
    })();
  }

  /** The newest label in force; null where there is none. */
  last(): Label | null {
    const row = this.#database
      .prepare<[], Row>('SELECT * FROM label WHERE undone_at IS NULL ORDER BY label_id DESC LIMIT 1')
      .get();
    return row === undefined ? null : labelOf(row);
  }

  /** The class of each picture that has one, by the picture's digest. */
  inForce(): Map<string, string> {
    const rows = this.#database
      .prepare<[], Pick<Row, 'picture' | 'class'>>('SELECT picture, class FROM label WHERE undone_at IS NULL')
      .all();
    return new Map(rows.map((row) => [row.picture, row.class]));
  }

  /** Every label ever given, oldest first, behind the one named. */
  list(afterId: number, limit: number): Label[] {
    return this.#database
      .prepare<[number, number], Row>('SELECT * FROM label WHERE label_id > ? ORDER BY label_id LIMIT ?')
      .all(afterId, limit)
      .map(labelOf);
  }
}

function labelOf(row: Row): Label {
  return {
    labelId: row.label_id,
    picture: row.picture,
    name: path.basename(row.path),
    className: row.class,
    labelledBy: row.labelled_by,
    labelledAt: row.labelled_at,
    undoneAt: row.undone_at,
  };
}
