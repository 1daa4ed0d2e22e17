import { AppError, toAppError } from '@genba/shared/errors/app-error';

/** What SQLite and the file system say when a disk is full, or fails to take what is written. */
const DISK_CODES = /^(SQLITE_(FULL|IOERR|CANTOPEN)(_|$)|ENOSPC$|EDQUOT$|EIO$)/;

/** The `code` of an error of SQLite or the file system; null for anything else. */
function errorCodeOf(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}

/**
 * As `toAppError`, but a disk that takes nothing any more is `store/disk-full`: it passes when somebody makes room, so
 * whoever meets it waits and tries again.
 */
export function withDiskTrouble(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = errorCodeOf(thrown);
  if (code === null || !DISK_CODES.test(code)) return toAppError(thrown);
  return new AppError('store/disk-full', { detail: code, cause: thrown });
}
