import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { InvalidArgumentError } from 'commander';
import { type AuditHead, auditHeadText } from '../store/audit-chain.ts';
import { writeDurably } from '../store/durable-file.ts';
import { textIfPresent } from '../store/present-file.ts';
import { storageError } from '../store/storage-error.ts';
import { CatalogueReader } from './catalogue-reader.ts';

/** The file of a backup that says where its audit record ends. */
const HEAD_NAME = 'audit-head.txt';

function parseAuditHead(text: string): AuditHead | null {
  const [, rows = '', digest = ''] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  return digest === '' ? null : { sequence: Number(rows), digest: digest.toLowerCase() };
}

/** Reads a head from the command line. @throws InvalidArgumentError */
export function readAuditHead(text: string): AuditHead {
  const head = parseAuditHead(text);
  if (head === null) throw new InvalidArgumentError('It must be ROWS:DIGEST, as audit --head prints it.');
  return head;
}

/** Writes into a backup where its audit record ends. @throws AppError `server/storage` */
export async function carryAuditHead(folder: string, head: AuditHead): Promise<void> {
  try {
    await writeDurably(join(folder, HEAD_NAME), `${auditHeadText(head)}\n`);
  } catch (thrown) {
    throw storageError(thrown);
  }
}

/** What a backup says of its end; null for a data folder, and for a backup of an early program. @throws AppError `store/damaged`, `server/storage` */
export async function carriedAuditHead(folder: string): Promise<AuditHead | null> {
  const path = join(folder, HEAD_NAME);
  const text = await textIfPresent(path).catch((thrown) => {
    throw storageError(thrown);
  });
  if (text === null) return null;
  const head = parseAuditHead(text);
  if (head === null) throw new AppError('store/damaged', { detail: `${HEAD_NAME} cannot be read` });
  return head;
}

/** Where the audit record of an older backup ends, as it says, or as its catalogue does. @throws AppError as {@link CatalogueReader.open} */
export async function auditHeadOf(folder: string): Promise<AuditHead> {
  const reader = await CatalogueReader.open(folder);
  try {
    return (await carriedAuditHead(folder)) ?? reader.auditHead();
  } finally {
    reader.close();
  }
}
