import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { REFERENCED_WEIGHTS } from '../../store/statements.ts';
import { weightFilePath } from '../../store/vector-files.ts';
import { sha256 } from '../fixtures.ts';

/** All that a data folder holds, comparable with that of another run. */
export interface Outcome {
  /** Rows by table; ids of bases, which are random, by the order in which they were issued. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  /** Names of the weight files, each proved by its digest. */
  readonly weights: readonly string[];
  /** What should not be there: anything on its way. */
  readonly leftovers: readonly string[];
}

/** Reads a data folder that no server runs on. */
export async function outcomeOf(dataFolder: string): Promise<Outcome> {
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'), { readonly: true });
  try {
    if (database.pragma('integrity_check', { simple: true }) !== 'ok')
      throw new Error('catalogue is damaged');
    // Who was killed more often has started more often, and the audit table tells so.
    const sql = `SELECT name FROM sqlite_master
      WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('audit', 'audit_end')`;
    const tables = database.prepare(sql).pluck().all() as string[];
    const bases = database.prepare('SELECT id FROM bases ORDER BY rowid').pluck().all() as string[];
    const readable = (row: unknown) =>
      bases.reduce((text, id, index) => text.replaceAll(id, `base ${index}`), JSON.stringify(row));
    const rows = tables.map((table) => {
      const all = database.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];
      // The only time that is the computer's own; see `Session`.
      const told = all.map((row) => ('last_seen_at' in row ? { ...row, last_seen_at: '' } : row));
      return [table, told.map(readable).sort()];
    });
    const leftovers = [
      ...(await readdir(join(dataFolder, 'transfers'))),
      ...(await readdir(join(dataFolder, 'weights', 'temporary'))),
    ];
    return { rows: Object.fromEntries(rows), weights: await provedWeights(dataFolder), leftovers };
  } finally {
    database.close();
  }
}

/**
 * What a stopped server has promised and would not find when it starts again. It could heal much of that by asking its
 * plants, but must not have to.
 */
export function brokenPromises(dataFolder: string, receipts: readonly string[]): string[] {
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'));
  try {
    const journaled = database.prepare('SELECT id FROM updates').pluck().all();
    const needed = database.prepare(REFERENCED_WEIGHTS).all() as { digest: string }[];
    return [
      ...receipts.filter((id) => !journaled.includes(id)).map((id) => `update ${id} is not journaled`),
      ...needed
        .filter(({ digest }) => !isStored(dataFolder, digest))
        .map(({ digest }) => `no weights ${digest}`),
    ];
  } finally {
    database.close();
  }
}

function isStored(dataFolder: string, digest: string): boolean {
  const path = weightFilePath(join(dataFolder, 'weights'), digest);
  return existsSync(path) && sha256(readFileSync(path)) === digest;
}

async function provedWeights(dataFolder: string): Promise<string[]> {
  const folder = join(dataFolder, 'weights');
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ path: join(parentPath, name), name }));
  for (const { path, name } of names) {
    if (sha256(readFileSync(path)) !== name) throw new Error(`${name} holds something else`);
  }
  return names.map(({ name }) => name).sort();
}
