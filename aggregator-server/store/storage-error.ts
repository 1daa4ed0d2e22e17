import { AppError } from '@genba/shared/errors/app-error';

/** System errors of a disk or file system: ours, never the peer's, and worth a retry after someone made room. */
const DISK_CODES: ReadonlySet<string> = new Set([
  'EACCES',
  'EBUSY',
  'EDQUOT',
  'EIO',
  'EISDIR',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);

const SQLITE_DISK_CODES = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|PERM|NOLFS|PROTOCOL|AUTH)(_|$)/;
const SQLITE_DAMAGE_CODES = /^SQLITE_(CORRUPT|NOTADB)(_|$)/;

/** The `code` of a system or SQLite error; null for anything else. */
export function errorCodeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}

/**
 * Sorts what a storage call threw: an AppError stays, disk trouble becomes `server/storage`, a broken database
 * `store/damaged`, and the rest is returned as it is (a bug).
 */
export function storageError(thrown: unknown): unknown {
  if (thrown instanceof AppError) return thrown;
  const code = errorCodeOf(thrown);
  if (code === null) return thrown;
  if (DISK_CODES.has(code) || SQLITE_DISK_CODES.test(code)) {
    return new AppError('server/storage', { detail: code, cause: thrown });
  }
  if (SQLITE_DAMAGE_CODES.test(code)) return new AppError('store/damaged', { detail: code, cause: thrown });
  return thrown;
}

/** Runs work of the store; its errors become those of storage. */
export async function asStorage<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    throw storageError(thrown);
  }
}
