import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppError } from '@genba/shared/errors/app-error';
import { MAX_INVITATION_LENGTH } from '@genba/shared/identity/invitation';
import { invitationLinkIn, unquoted } from '@genba/shared/identity/invitation-link';

/** Bytes a file of {@link MAX_INVITATION_LENGTH} characters may have, whatever its encoding. */
const MAX_FILE_BYTES = 4 * MAX_INVITATION_LENGTH;

/**
 * The text of an invitation from what a person typed, pasted or dragged in: the link, the file's content, or the path
 * of the file.
 * @throws AppError `invitation/not-found` when it is a path where no file is that can be read, `invitation/broken`
 *   when that file is far too large
 */
export function invitationText(typed: string): string {
  const link = invitationLinkIn(typed);
  if (link !== null) return link;
  const bare = unquoted(typed);
  const plain = bare.normalize('NFKC');
  if (plain.startsWith('{')) return bare;
  const candidates = bare.startsWith('file:') ? [pathOf(bare)] : [bare, bare.normalize('NFC'), plain];
  for (const path of candidates) if (isFile(path)) return readInvitationFile(path);
  throw new AppError('invitation/not-found', { detail: bare.slice(0, 300) });
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function readInvitationFile(path: string): string {
  if (statSync(path).size > MAX_FILE_BYTES) throw new AppError('invitation/broken', { detail: 'too long' });
  try {
    return decode(readFileSync(path));
  } catch (cause) {
    throw new AppError('invitation/not-found', { detail: path, cause });
  }
}

/** Text editors of Windows save as UTF-16, or put a mark before UTF-8. */
function decode(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}
