import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import {
  INVITATION_FILE_EXTENSION,
  INVITATION_LINK_START,
  MAX_INVITATION_LENGTH,
  readInvitation,
} from '@genba/shared/identity/invitation';
import type { HandedInvitation } from '@genba/shared/local-api/window';

/** Most bytes of a character in UTF-8. */
const MAX_CHARACTER_BYTES = 4;

/** What the system has asked the shell to open. */
export type Opening = { readonly link: string } | { readonly file: string };

/**
 * The invitation among the arguments of a start, the last one; null where there is none. Everything else is
 * Chromium's, or not ours to open.
 * @param workingFolder that relative paths count from: a second start may come from another one
 */
export function findOpening(args: readonly string[], workingFolder: string): Opening | null {
  const openings = args.map((argument): Opening | null => {
    const link = asLink(argument);
    if (link !== null) return { link };
    return isInvitationFile(argument) ? { file: resolve(workingFolder, argument) } : null;
  });
  return openings.findLast((opening) => opening !== null) ?? null;
}

/** The link as it was made: some browsers put the slash of an empty path into what they pass on. */
function asLink(argument: string): string | null {
  const parts = /^genba:\/\/enrol\/?\?(.*)$/is.exec(argument);
  return parts === null ? null : INVITATION_LINK_START + parts[1];
}

function isInvitationFile(argument: string): boolean {
  return !argument.startsWith('-') && argument.toLowerCase().endsWith(INVITATION_FILE_EXTENSION);
}

/** Keeps the newest invitation that the system handed over until a page takes it. */
export class InvitationInbox {
  #waiting: HandedInvitation | null = null;
  readonly #now: () => Date;
  readonly #arrived: () => void;

  /** @param arrived called each time that one waits */
  constructor(now: () => Date, arrived: () => void) {
    this.#now = now;
    this.#arrived = arrived;
  }

  /** Reads what the system opened, and has a page told. Never throws: a refusal waits like an invitation. */
  async hand(opening: Opening): Promise<void> {
    try {
      const text = 'link' in opening ? opening.link : await readShortFile(opening.file);
      readInvitation(text, this.#now());
      this.#waiting = { state: 'ready', text };
    } catch (thrown) {
      this.#waiting = { state: 'refused', problem: toAppError(thrown).code };
    }
    this.#arrived();
  }

  /** The waiting invitation, once; null where none waits. */
  take(): HandedInvitation | null {
    const taken = this.#waiting;
    this.#waiting = null;
    return taken;
  }
}

/** @throws AppError `invitation/not-found`; `invitation/broken` for a file that is longer than any invitation */
async function readShortFile(path: string): Promise<string> {
  const most = MAX_INVITATION_LENGTH * MAX_CHARACTER_BYTES;
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
      if (bytesRead > most) throw new AppError('invitation/broken', { detail: 'too long' });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('invitation/not-found', { detail: (cause as NodeJS.ErrnoException).code, cause });
  }
}
