import { resolve } from 'node:path';
import { carryAuditHead } from './audit-head.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import { copyStore } from './copy-store.ts';
import type { LongWork } from './progress.ts';
import { fillFolder } from './staged-folder.ts';
import type { Verification } from './verify.ts';

/**
 * Copies a data folder into a new or empty folder, as of one moment, beside a running server or without one.
 * Transfers in progress are left out: the plants send them again. The backup also says where its audit record ends.
 * @returns the finding about the backup, which is sound
 * @throws AppError `operation/*`, `store/damaged`, `store/newer-database`, `server/storage`
 */
export async function backup({
  dataFolder,
  to,
  ...work
}: { readonly dataFolder: string; readonly to: string } & LongWork): Promise<Verification> {
  // Before the target is touched: a wrong path leaves no folder behind.
  (await CatalogueReader.open(dataFolder)).close();
  let finding: Verification | undefined;
  await fillFolder({ path: resolve(to), lastName: 'catalogue.sqlite' }, async (staging) => {
    finding = await copyStore({ from: dataFolder, to: staging, ...work });
    // A sound copy has one.
    await carryAuditHead(staging, finding.auditHead!);
  });
  return finding!;
}
