import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import Sqlite, { type Database } from 'better-sqlite3';
import { z } from 'zod';
import { type AuditHead, type AuditRow, CHAIN_START, ChainCheck } from '../store/audit-chain.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { COUNT_EVICTED_CLIENTS } from '../store/eviction-statements.ts';
import { readAuditRow } from '../store/identity-rows.ts';
import { MIGRATIONS } from '../store/migrations/list.ts';
import { REFERENCED_WEIGHTS } from '../store/statements.ts';
import { errorCodeOf, storageError } from '../store/storage-error.ts';

const referenceRow = z.strictObject({ task_id: z.string(), digest: z.string() });
const taskRow = z.strictObject({
  id: z.string(),
  manifest_digest: z.string(),
  global_version: z.int(),
  global_digest: z.string(),
});
const versionRow = z.strictObject({
  version: z.int(),
  digest: z.string(),
  created_at: z.string(),
  updates_merged: z.int(),
  plant_name: z.string().nullable(),
});
const countRow = z.strictObject({ count: z.int() });
const headRow = z.strictObject({ sequence: z.int(), digest: z.string() });
const findings = z.array(z.record(z.string(), z.unknown()));

/** A task as the catalogue knows it. */
export interface StoredTask {
  readonly taskId: string;
  readonly manifestDigest: string;
  readonly globalVersion: number;
  readonly globalDigest: string;
}

/** A version whose weights are kept. */
export interface KeptVersion {
  readonly version: number;
  readonly digest: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** All updates in it. */
  readonly updatesMerged: number;
  /** The plant whose update led to it; null for the first one. */
  readonly plantName: string | null;
}

/** What a check of the catalogue itself found. */
export interface CatalogueCheck {
  /** Each names what is wrong. */
  readonly problems: readonly string[];
  /** Where the audit record ends; null where its rows do not fit together. */
  readonly auditHead: AuditHead | null;
}

/** A catalogue read beside a server that may be running: nothing is written, locked or migrated. */
export class CatalogueReader {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** @throws AppError `operation/no-catalogue`, `store/newer-database`, `store/damaged`, `server/storage` */
  static async open(dataFolder: string): Promise<CatalogueReader> {
    const { cataloguePath } = dataFolderPaths(resolve(dataFolder));
    await requireFile(cataloguePath);
    let database: Database | undefined;
    try {
      database = new Sqlite(cataloguePath, { readonly: true });
      const schema = database.pragma('user_version', { simple: true }) as number;
      if (schema > MIGRATIONS.length) {
        throw new AppError('store/newer-database', {
          detail: `schema ${schema}, this program knows up to ${MIGRATIONS.length}`,
        });
      }
      // A server that was stopped while it made the file: an empty database.
      if (schema === 0) throw new AppError('operation/no-catalogue', { detail: cataloguePath });
      if (schema < MIGRATIONS.length) {
        // Reading changes nothing, so it cannot bring an older folder up to date: the server does.
        throw new AppError('operation/old-catalogue', { detail: `schema ${schema} of ${MIGRATIONS.length}` });
      }
      return new CatalogueReader(database);
    } catch (thrown) {
      database?.close();
      throw storageError(thrown);
    }
  }

  /**
   * What SQLite's own checks and the chain of the audit record tell; no problems when all is well.
   * @param auditHeads earlier ends that the audit record must contain
   */
  check(auditHeads: readonly AuditHead[] = []): CatalogueCheck {
    return reading(() => {
      const found = findings.parse(this.#database.pragma('integrity_check'));
      const broken = found.map((row) => Object.values(row).join(' ')).filter((row) => row !== 'ok');
      const orphans = findings.parse(this.#database.pragma('foreign_key_check'));
      const references = orphans.map((row) => `broken reference ${JSON.stringify(row)}`);
      const audit = this.#checkAudit(auditHeads);
      return { problems: [...broken, ...references, ...audit.problems], auditHead: audit.auditHead };
    });
  }

  /** The audit record, oldest first, row by row: it may be long. */
  *audit(): Generator<AuditRow> {
    const rows = this.#database.prepare('SELECT * FROM audit ORDER BY sequence').iterate();
    try {
      while (true) {
        const next = reading(() => rows.next());
        if (next.done) return;
        yield reading(() => readAuditRow(next.value));
      }
    } finally {
      // Whoever stops in the middle leaves the connection free.
      rows.return?.();
    }
  }

  /** The end of the audit record, whether its rows are sound or not. */
  auditHead(): AuditHead {
    const sql = 'SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1';
    return this.#all(sql, {}, headRow)[0] ?? { sequence: 0, digest: CHAIN_START };
  }

  /** Where the catalogue says that its audit record ends; null where nothing was ever recorded. */
  #recordedAuditEnd(): AuditHead | null {
    return this.#all('SELECT sequence, digest FROM audit_end', {}, headRow)[0] ?? null;
  }

  /** The first row of the audit record that does not fit, or what is missing at its end. */
  #checkAudit(heads: readonly AuditHead[]): CatalogueCheck {
    // Read first: a running server may add rows meanwhile, never the other way round.
    const recorded = this.#recordedAuditEnd();
    const chain = new ChainCheck(recorded === null ? heads : [recorded, ...heads]);
    for (const row of this.audit()) {
      const problem = chain.add(row);
      if (problem !== null) return { problems: [problem], auditHead: null };
    }
    const problem = chain.end();
    return { problems: problem === null ? [] : [problem], auditHead: chain.last };
  }

  tasks(): StoredTask[] {
    const sql = `SELECT id, manifest_digest, global_version, digest AS global_digest
                 FROM tasks JOIN task_state ON task_state.task_id = id
                 JOIN task_vectors ON task_vectors.task_id = id AND name = 'globalWeights' ORDER BY id`;
    return this.#all(sql, {}, taskRow).map((row) => ({
      taskId: row.id,
      manifestDigest: row.manifest_digest,
      globalVersion: row.global_version,
      globalDigest: row.global_digest,
    }));
  }

  /** The task with this id. @throws AppError `operation/unknown-task`, its detail naming those there are */
  task(taskId: string): StoredTask {
    const tasks = this.tasks();
    const task = tasks.find((candidate) => candidate.taskId === taskId);
    if (task !== undefined) return task;
    const known = tasks.map((candidate) => candidate.taskId).join(', ') || 'none';
    throw new AppError('operation/unknown-task', { detail: `${taskId}; there are: ${known}` });
  }

  /** The versions of a task whose weights are kept, newest first. */
  versions(taskId: string): KeptVersion[] {
    const sql = `
      SELECT v.version, v.digest, v.created_at, c.plant_name,
        (SELECT count(*) FROM updates m WHERE m.task_id = v.task_id AND m.version_after <= v.version)
          AS updates_merged
      FROM versions v
      LEFT JOIN updates u ON u.task_id = v.task_id AND u.version_after = v.version AND u.effect = 'merged'
      LEFT JOIN clients c ON c.task_id = u.task_id AND c.client_id = u.client_id
      WHERE v.task_id = @taskId AND v.evicted_at IS NULL
      ORDER BY v.version DESC`;
    return this.#all(sql, { taskId }, versionRow).map((row) => ({
      version: row.version,
      digest: row.digest,
      createdAt: row.created_at,
      updatesMerged: row.updates_merged,
      plantName: row.plant_name,
    }));
  }

  /** How many clients of a task something was let go of for, on purpose. */
  evictedClients(taskId: string): number {
    return this.#all(COUNT_EVICTED_CLIENTS, { taskId }, countRow)[0]!.count;
  }

  /** Every digest that is needed, with the tasks that need it. */
  references(): Map<string, string[]> {
    const tasksOf = new Map<string, string[]>();
    for (const row of this.#all(REFERENCED_WEIGHTS, {}, referenceRow)) {
      const tasks = tasksOf.get(row.digest);
      if (tasks === undefined) tasksOf.set(row.digest, [row.task_id]);
      else tasks.push(row.task_id);
    }
    return tasksOf;
  }

  /** Whether a file is needed now, whatever an earlier answer said. */
  isReferenced(digest: string): boolean {
    return this.references().has(digest);
  }

  /** Holds the state of this moment for all reads until the returned function is called; again is harmless. */
  hold(): () => void {
    reading(() => {
      this.#database.exec('BEGIN');
      // A deferred transaction takes its snapshot with its first read.
      this.#database.prepare('SELECT count(*) FROM tasks').get();
    });
    return () => {
      if (this.#database.inTransaction) this.#database.exec('COMMIT');
    };
  }

  /** Copies the held state into a new file, readable without side files. @throws AppError `server/storage` */
  async copyTo(path: string): Promise<void> {
    try {
      await this.#database.backup(path);
      const copy = new Sqlite(path);
      try {
        // One plain file, so that it can be read from a folder or disk without the right to write.
        copy.pragma('journal_mode = DELETE');
      } finally {
        copy.close();
      }
    } catch (thrown) {
      throw storageError(thrown);
    }
  }

  close(): void {
    this.#database.close();
  }

  #all<Row>(sql: string, values: Record<string, string | number>, row: z.ZodType<Row>): Row[] {
    return reading(() => z.array(row).parse(this.#database.prepare(sql).all(values)));
  }
}

/** Runs a read whose errors become those of the catalogue. */
function reading<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof z.ZodError) {
      const detail = `catalogue: ${thrown.issues[0]?.message}`;
      throw new AppError('store/damaged', { detail, cause: thrown });
    }
    throw storageError(thrown);
  }
}

async function requireFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (thrown) {
    const code = errorCodeOf(thrown);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw storageError(thrown);
  }
  throw new AppError('operation/no-catalogue', { detail: path });
}
