import { CatalogueReader } from '../operations/catalogue-reader.ts';
import type { AuditRow } from '../store/audit-chain.ts';

/** The audit record of a data folder, with details read. */
export async function auditOf(
  dataFolder: string,
): Promise<(Omit<AuditRow, 'detail'> & { readonly detail: Record<string, unknown> })[]> {
  const reader = await CatalogueReader.open(dataFolder);
  try {
    return [...reader.audit()].map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
  } finally {
    reader.close();
  }
}
