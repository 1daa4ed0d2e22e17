import { resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { dataFolderPaths } from '../store/data-folder.ts';
import type { QuarantinedUpdate } from '../store/screening-table.ts';
import { SqliteConnection } from '../store/sqlite-connection.ts';
import { SqliteScreening } from '../store/sqlite-screening.ts';
import { CatalogueReader } from './catalogue-reader.ts';

/**
 * The updates in quarantine, oldest first, of one task or of all; while the server runs or not.
 * @throws AppError `operation/no-catalogue`, `operation/unknown-task`, `operation/old-catalogue`, `store/newer-database`,
 *   `store/damaged`, `server/storage`
 */
export async function listQuarantine(of: {
  readonly dataFolder: string;
  readonly taskId?: string;
}): Promise<QuarantinedUpdate[]> {
  const path = resolve(of.dataFolder);
  const reader = await CatalogueReader.open(path);
  try {
    if (of.taskId !== undefined) reader.task(of.taskId);
  } finally {
    reader.close();
  }
  const connection = SqliteConnection.openAsGuest(dataFolderPaths(path).cataloguePath);
  try {
    return await new SqliteScreening(connection).quarantined(of.taskId ?? null);
  } finally {
    connection.close();
  }
}

/**
 * Those that an operator named by id, or by its beginning as the list shows it.
 * @throws AppError `operation/not-quarantined` for one that names none, or more than one
 */
export function chooseQuarantined(
  listed: readonly QuarantinedUpdate[],
  ids: readonly string[],
): QuarantinedUpdate[] {
  return ids.map((id) => {
    const matching = listed.filter(({ updateId }) => updateId.startsWith(id.toLowerCase()));
    if (matching.length === 1) return matching[0]!;
    const reason = matching.length === 0 ? '' : ` names ${matching.length} updates: give more of it`;
    throw new AppError('operation/not-quarantined', { detail: `${id}${reason}` });
  });
}
