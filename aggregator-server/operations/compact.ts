import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import Sqlite from 'better-sqlite3';
import { openDataFolder } from '../store/data-folder.ts';
import { PartFiles } from '../store/part-files.ts';
import { SqliteCatalogue } from '../store/sqlite-catalogue.ts';
import { storageError } from '../store/storage-error.ts';
import { WeightFiles, weightFilePath } from '../store/weight-files.ts';
import { CatalogueReader } from './catalogue-reader.ts';

/** What compacting has freed. */
export interface Compaction {
  readonly removedFiles: number;
  readonly removedBytes: number;
  readonly catalogueBytesBefore: number;
  readonly catalogueBytesAfter: number;
}

/**
 * Removes weight files that nothing refers to and transfers nobody will continue, and rewrites the catalogue without
 * gaps. Only without a server. A damaged catalogue is left alone: what it has forgotten must not be removed.
 * @throws AppError `operation/no-catalogue`, `startup/already-running`, `store/damaged`, `store/newer-database`,
 *   `server/storage`
 */
export async function compact({ dataFolder }: { readonly dataFolder: string }): Promise<Compaction> {
  await requireIntact(dataFolder);
  const folder = await openDataFolder(resolve(dataFolder));
  try {
    const { cataloguePath, weightsPath, transfersPath } = folder;
    const removed = await removeUnreferenced({ cataloguePath, weightsPath, transfersPath });
    // Closing it has brought the write-ahead log into the file.
    const catalogueBytesBefore = (await stat(cataloguePath)).size;
    vacuum(cataloguePath);
    const catalogueBytesAfter = (await stat(cataloguePath)).size;
    return { ...removed, catalogueBytesBefore, catalogueBytesAfter };
  } catch (thrown) {
    throw storageError(thrown);
  } finally {
    folder.release();
  }
}

async function requireIntact(dataFolder: string): Promise<void> {
  const catalogue = await CatalogueReader.open(dataFolder);
  try {
    const [problem] = catalogue.check().problems;
    if (problem !== undefined) throw new AppError('store/damaged', { detail: `catalogue: ${problem}` });
  } finally {
    catalogue.close();
  }
}

async function removeUnreferenced(paths: {
  cataloguePath: string;
  weightsPath: string;
  transfersPath: string;
}): Promise<Pick<Compaction, 'removedFiles' | 'removedBytes'>> {
  const catalogue = SqliteCatalogue.open(paths.cataloguePath);
  try {
    const weights = await WeightFiles.open(paths.weightsPath);
    const unreferenced = await catalogue.unreferenced(await weights.list());
    let removedBytes = 0;
    for (const digest of unreferenced) {
      removedBytes += (await stat(weightFilePath(paths.weightsPath, digest))).size;
    }
    const removedFiles = await weights.removeUnreferenced(unreferenced, (digests) =>
      catalogue.unreferenced(digests),
    );
    const isJournaled = async (updateId: string) => (await catalogue.findUpdate(updateId)) !== null;
    await PartFiles.open(paths.transfersPath, { isJournaled, now: new Date() });
    return { removedFiles, removedBytes };
  } finally {
    await catalogue.close();
  }
}

function vacuum(cataloguePath: string): void {
  const database = new Sqlite(cataloguePath);
  try {
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
