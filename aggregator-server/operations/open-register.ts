import { dataFolderPaths } from '../store/data-folder.ts';
import type { IdentityRegister } from '../store/identity-register.ts';
import { openTablesHere } from '../store/tables.ts';
import { CatalogueReader } from './catalogue-reader.ts';

/**
 * Works with the identity register of a data folder, beside a running server or without one: SQLite keeps the two
 * apart, and the server notices what was changed.
 * @throws AppError `operation/no-catalogue`, `operation/old-catalogue`, `store/newer-database`, `store/damaged`,
 *   `server/storage`, what `work` throws
 */
export async function withRegister<Result>(
  dataFolder: string,
  work: (register: IdentityRegister) => Promise<Result>,
): Promise<Result> {
  // Opening it to write would bring an older folder up to date under a running older server.
  (await CatalogueReader.open(dataFolder)).close();
  const opened = await openTablesHere(dataFolderPaths(dataFolder).cataloguePath);
  try {
    return await work(opened.tables.identities);
  } finally {
    await opened.close();
  }
}
