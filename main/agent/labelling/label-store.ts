import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
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
  /** What {@link inForce} says, kept up by every change; null before anybody has asked. */
  #inForce: Map<string, string> | null = null;

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
    this.#inForce?.set(picture, className);
  }

  /**
   * Takes back what a person has said of a picture. What it was called before comes back into force, if the label taken
   * back had corrected it.
   * @returns what was taken back; null where the picture has no label
   * @throws AppError `labels/not-yours` where it is somebody else's, its detail who
   */
  undo({ picture, labelledBy }: Pick<NewLabel, 'picture' | 'labelledBy'>, at: string): Label | null {
    const undone = this.#database.transaction(() => {
      const label = this.#of(picture);
      if (label === null) return null;
      if (label.labelledBy !== labelledBy)
        throw new AppError('labels/not-yours', { detail: label.labelledBy });
      this.#database.prepare('UPDATE label SET undone_at = ? WHERE label_id = ?').run(at, label.labelId);
      // A correction ended the one before at its own moment.
      this.#database
        .prepare('UPDATE label SET undone_at = NULL WHERE picture = ? AND undone_at = ? AND label_id < ?')
        .run(picture, label.labelledAt, label.labelId);
      return { ...label, undoneAt: at };
    })();
    const before = this.#of(picture);
    if (before === null) this.#inForce?.delete(picture);
    else this.#inForce?.set(picture, before.className);
    return undone;
  }

  /** The newest label in force; null where there is none. */
  last(): Label | null {
    return this.#one('undone_at IS NULL');
  }

  /** The newest label in force that a person has given; null where there is none. */
  lastBy(labelledBy: string): Label | null {
    return this.#one('undone_at IS NULL AND labelled_by = ?', labelledBy);
  }

  /** The class of each picture that has one, by the picture's digest. */
  inForce(): ReadonlyMap<string, string> {
    this.#inForce ??= new Map(
      this.#database
        .prepare<[], Pick<Row, 'picture' | 'class'>>(
          'SELECT picture, class FROM label WHERE undone_at IS NULL',
        )
        .all()
        .map((row) => [row.picture, row.class]),
    );
    return this.#inForce;
  }

  #of(picture: string): Label | null {
    return this.#one('undone_at IS NULL AND picture = ?', picture);
  }

  /** The newest label of which a condition holds. */
  #one(condition: string, ...values: string[]): Label | null {
    const row = this.#database
      .prepare<string[], Row>(`SELECT * FROM label WHERE ${condition} ORDER BY label_id DESC LIMIT 1`)
      .get(...values);
    return row === undefined ? null : labelOf(row);
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
