import { randomBytes } from 'node:crypto';
import type { AgentDatabase } from '../store/database.ts';

/** How a file lies on the disk. */
export interface FilePlace {
  readonly path: string;
  /** Both stay over a renaming, where the file system has them. */
  readonly inode: string;
  readonly bornMs: number;
}

/** What is known of a CSV file whose rows are judged. */
export interface WatchedFile extends FilePlace {
  /** Stands in the rows of the table. */
  readonly fileId: string;
  /** As it was when it was last read to its end; null before. */
  readonly sizeBytes: number | null;
  readonly mtimeMs: number | null;
  /** Last line that has a row in the table; 0: none. */
  readonly line: number;
  /** Proves its content through a line at or before that one; null before the first. */
  readonly proof: { readonly line: number; readonly digest: string } | null;
  /** It is not where it was, or there is another file in its place. */
  readonly isGone: boolean;
}

interface Row {
  readonly file_id: string;
  readonly path: string;
  readonly inode: string;
  readonly born_ms: number;
  readonly size_bytes: number | null;
  readonly mtime_ms: number | null;
  readonly line: number;
  readonly proof_line: number | null;
  readonly proof: string | null;
  readonly gone_at: string | null;
}

/** Files that are gone are remembered for so long: they may come back under another name, days. */
const REMEMBERED_DAYS = 30;

/** Keeps how far the files have been judged that go into one table of results. */
export class WatchedFiles {
  readonly #database: AgentDatabase;
  readonly #results: string;

  constructor(database: AgentDatabase, results: string) {
    this.#database = database;
    this.#results = results;
  }

  /** All that are remembered. */
  all(): WatchedFile[] {
    this.#database
      .prepare(`DELETE FROM watched_file WHERE gone_at < datetime('now', '-${REMEMBERED_DAYS} days')`)
      .run();
    const rows = this.#database.prepare('SELECT * FROM watched_file WHERE results = ?').all(this.#results);
    return (rows as Row[]).map((row) => ({
      fileId: row.file_id,
      path: row.path,
      inode: row.inode,
      bornMs: row.born_ms,
      sizeBytes: row.size_bytes,
      mtimeMs: row.mtime_ms,
      line: row.line,
      proof: row.proof === null ? null : { line: row.proof_line!, digest: row.proof },
      isGone: row.gone_at !== null,
    }));
  }

  /** A file that was not there before. */
  static begin(place: FilePlace): WatchedFile {
    const fileId = randomBytes(6).toString('hex');
    return { ...place, fileId, sizeBytes: null, mtimeMs: null, line: 0, proof: null, isGone: false };
  }

  /** Keeps what is known of files now, all of it or nothing. */
  keep(files: readonly WatchedFile[]): void {
    const put = this.#database.prepare(
      `INSERT INTO watched_file
         (file_id, results, path, inode, born_ms, size_bytes, mtime_ms, line, proof_line, proof, gone_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? THEN datetime('now') END)
       ON CONFLICT (file_id) DO UPDATE SET
         path = excluded.path, inode = excluded.inode, born_ms = excluded.born_ms,
         size_bytes = excluded.size_bytes, mtime_ms = excluded.mtime_ms, line = excluded.line,
         proof_line = excluded.proof_line, proof = excluded.proof,
         gone_at = CASE WHEN excluded.gone_at IS NULL THEN NULL ELSE COALESCE(gone_at, excluded.gone_at) END`,
    );
    this.#database.transaction(() => {
      for (const file of files) {
        const { fileId, path, inode, bornMs, sizeBytes, mtimeMs, line, proof, isGone } = file;
        const place = [fileId, this.#results, path, inode, bornMs, sizeBytes, mtimeMs] as const;
        put.run(...place, line, proof?.line ?? null, proof?.digest ?? null, isGone ? 1 : 0);
      }
    })();
  }

  /** Forgets all of them: there is no table yet. */
  forget(): void {
    this.#database.prepare('DELETE FROM watched_file WHERE results = ?').run(this.#results);
  }
}
