import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { AppError } from '@genba/shared/errors/app-error';
import { toEnrolmentCode } from '@genba/shared/identity/enrolment-code';
import { INVITATION_VERSION, type Invitation, invitationFile } from '@genba/shared/identity/invitation';
import { CODE_BYTES } from '@genba/shared/identity/wire-types';
import { readServing } from '../identity/serving-file.ts';
import { codeDigestOf } from '../identity/signatures.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { errorCodeOf } from '../store/storage-error.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import { withRegister } from './open-register.ts';

export interface InvitationWish {
  readonly dataFolder: string;
  readonly plantName: string;
  readonly taskId: string;
  /** How long the code is good, milliseconds. */
  readonly validMs: number;
  /** File to write besides; it must not exist. */
  readonly to?: string;
}

/** Who runs a command, for the audit record. */
export function operator(): string {
  return `operator ${userInfo().username}`;
}

/**
 * Invites one device of a plant to a task. The file is written first: an invitation that nobody can read again must
 * not be known to the aggregator.
 * @throws AppError `operation/no-catalogue`, `operation/unknown-task`, `operation/never-served`,
 *   `operation/target-not-writable`, `store/*`, `server/storage`
 */
export async function invite(wish: InvitationWish): Promise<Invitation> {
  const { dataFolder, plantName, taskId, validMs, to } = wish;
  const reader = await CatalogueReader.open(dataFolder);
  try {
    reader.task(taskId);
  } finally {
    reader.close();
  }
  const serving = await readServing(dataFolderPaths(dataFolder).identityPath);
  if (serving === null) throw new AppError('operation/never-served', { detail: dataFolder });
  const now = new Date();
  const invitation: Invitation = {
    version: INVITATION_VERSION,
    servers: serving.addresses,
    certificate: serving.certificate,
    code: toEnrolmentCode(randomBytes(CODE_BYTES)),
    taskId,
    plantName,
    expiresAt: new Date(now.getTime() + validMs).toISOString(),
  };
  if (to !== undefined) await writeNew(to, invitationFile(invitation));
  const { expiresAt } = invitation;
  const codeDigest = codeDigestOf(invitation.code);
  const doing = { at: now.toISOString(), actor: operator() };
  await withRegister(dataFolder, (register) =>
    register.addInvitation({ codeDigest, taskId, plantName, expiresAt }, doing),
  );
  return invitation;
}

/** Readable by this account only: who has the file may enrol. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const detail = `${path}: ${errorCodeOf(cause) ?? String(cause)}`;
    throw new AppError('operation/target-not-writable', { detail, cause });
  }
}
