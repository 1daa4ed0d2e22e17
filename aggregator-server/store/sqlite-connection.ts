import { randomUUID } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/list.ts';
import { storageError } from './storage-error.ts';

/** KiB of pages that stay in memory: SQLite's own default. */
const CACHE_KIB = 2000;

/** Named values of a statement. */
export type Values = Readonly<Record<string, string | number | null>>;

/** A catalogue file, open with the durability that receipts promise, with its statements prepared once each. */
export class SqliteConnection {
  readonly #database: Database;
  /** By text; the texts are constants, never built from input. */
  readonly #statements = new Map<string, Statement>();
  readonly #watches = new Set<NodeJS.Timeout>();

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens or creates the file and brings its schema up to date.
   * @throws AppError `store/newer-database`, `store/damaged`, `server/storage`
   */
  static open(path: string): SqliteConnection {
    let database: Database | undefined;
    try {
      database = new Sqlite(path);
      database.pragma('journal_mode = WAL');
      // A receipt is given on commit, so every commit is synced to the disk.
      database.pragma('synchronous = FULL');
      // Else up to 16 MB, which fill with the number of clients; what is not there is in the system's own cache.
      database.pragma(`cache_size = -${CACHE_KIB}`);
      // Migrations rebuild tables that others refer to; each is checked as a whole before it is committed.
      database.pragma('foreign_keys = OFF');
      migrate(database, MIGRATIONS);
      database.pragma('foreign_keys = ON');
      database.function('new_uuid', { deterministic: false }, () => randomUUID());
      return new SqliteConnection(database);
    } catch (thrown) {
      database?.close();
      throw storageError(thrown);
    }
  }

  /**
   * Opens the file beside the server that owns it: nothing is migrated, so that no newer command changes the schema
   * under an older server.
   * @throws AppError `operation/old-catalogue`, `store/newer-database`, `store/damaged`, `server/storage`
   */
  static openAsGuest(path: string): SqliteConnection {
    let database: Database | undefined;
    try {
      database = new Sqlite(path, { fileMustExist: true });
      const schema = database.pragma('user_version', { simple: true }) as number;
      if (schema !== MIGRATIONS.length) {
        const code = schema < MIGRATIONS.length ? 'operation/old-catalogue' : 'store/newer-database';
        throw new AppError(code, { detail: `schema ${schema}, this program has ${MIGRATIONS.length}` });
      }
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      return new SqliteConnection(database);
    } catch (thrown) {
      database?.close();
      throw storageError(thrown);
    }
  }

  /** Runs reads whose errors become those of the catalogue. @throws AppError `server/storage`, `store/damaged` */
  async read<Result>(work: () => Result): Promise<Result> {
    try {
      return work();
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  /**
   * Runs one transaction; it is rolled back when the work throws. Immediate: the write lock is taken before
   * anything is read, so no decision rests on an old row.
   */
  async transact<Result>(work: () => Result): Promise<Result> {
    return this.read(() => this.#database.transaction(work).immediate());
  }

  /** The first row; undefined when there is none. */
  get(sql: string, values: Values): unknown {
    return this.#prepare(sql).get(values);
  }

  all(sql: string, values: Values): unknown[] {
    return this.#prepare(sql).all(values);
  }

  /** @returns rows changed */
  change(sql: string, values: Values): number {
    return this.#prepare(sql).run(values).changes;
  }

  /**
   * Calls back when another connection has committed to this file since the last look. SQLite counts such commits
   * (`data_version`), so a look costs no read of any table.
   * @param everyMs time between two looks
   * @returns stops it
   */
  watchForeignChanges(onChange: () => void, everyMs: number): () => void {
    let seen = this.#dataVersion();
    const timer = setInterval(() => {
      const current = this.#dataVersion();
      if (current === seen) return;
      seen = current;
      onChange();
    }, everyMs);
    timer.unref();
    this.#watches.add(timer);
    return () => {
      clearInterval(timer);
      this.#watches.delete(timer);
    };
  }

  close(): void {
    for (const timer of this.#watches) clearInterval(timer);
    this.#database.close();
  }

  #dataVersion(): number {
    return this.#database.pragma('data_version', { simple: true }) as number;
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
