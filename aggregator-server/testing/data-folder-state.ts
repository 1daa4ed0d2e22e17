import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import Sqlite from 'better-sqlite3';
import { LOCK_NAME } from '../store/data-folder.ts';

/** Everything a data folder holds: all rows of all tables, and the digest of every other file by its path. */
export interface DataFolderState {
  readonly tables: Readonly<Record<string, readonly unknown[]>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Looks at the whole data folder of an aggregator that may be running. */
export async function dataFolderState(dataFolder: string): Promise<DataFolderState> {
  return { tables: tablesOf(join(dataFolder, 'catalogue.sqlite')), files: await filesOf(dataFolder) };
}

function tablesOf(cataloguePath: string): DataFolderState['tables'] {
  const database = new Sqlite(cataloguePath, { readonly: true });
  try {
    const names = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .pluck()
      .all() as string[];
    return Object.fromEntries(names.map((name) => [name, database.prepare(`SELECT * FROM ${name}`).all()]));
  } finally {
    database.close();
  }
}

async function filesOf(dataFolder: string): Promise<DataFolderState['files']> {
  const entries = await readdir(dataFolder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('catalogue.sqlite'))
    .filter(({ name }) => !name.startsWith(LOCK_NAME))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const files: Record<string, string> = {};
  for (const path of paths)
    files[relative(dataFolder, path)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  return files;
}
