import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { type DeviceHeader, INVITATION_NAME_LENGTH } from '@genba/shared/exchange/header';
import { invitedStatement } from '@genba/shared/identity/statements';
import { keyIdOf } from '../identity/signatures.ts';
import type { Arrival, Device, IdentityRegister } from '../store/identity-register.ts';

/** What stands for the address of a device whose file came by hand. */
export const BY_FILE = 'file';

/**
 * Lets the device in that has signed a file, by the same rules as on a connection: one that has enrolled by its key, one
 * that asks for it by the proof of an invitation's code.
 * @throws AppError of `IDENTITY_REFUSALS`, `server/storage`
 */
export async function admitByFile(register: IdentityRegister, header: DeviceHeader): Promise<Device> {
  const { clientId, taskId, publicKey, enrol } = header;
  const arrival: Arrival = { clientId, taskId, at: new Date().toISOString(), remoteAddress: BY_FILE };
  const keyId = keyIdOf(publicKey);
  if (enrol === null) return register.admit(arrival, keyId);
  const codeDigest = await provenInvitation(register, header, enrol);
  return register.enrol(arrival, { keyId, publicKey, codeDigest });
}

/** The code's digest of the invitation whose code the device was shown to have. @throws AppError `identity/code-unknown` */
async function provenInvitation(
  register: IdentityRegister,
  { clientId, taskId, publicKey, certificate }: DeviceHeader,
  { invitation, proof }: NonNullable<DeviceHeader['enrol']>,
): Promise<string> {
  const statement = invitedStatement({
    clientId,
    taskId,
    certificate,
    publicKey: Buffer.from(publicKey, 'base64url'),
  });
  const named = (await register.invitations()).filter(
    ({ codeDigest }) => codeDigest.slice(0, INVITATION_NAME_LENGTH) === invitation,
  );
  const found = named.find(({ codeDigest }) => {
    // The digest of the code is what this end knows of it.
    const expected = createHmac('sha256', Buffer.from(codeDigest, 'hex')).update(statement).digest();
    return timingSafeEqual(expected, Buffer.from(proof, 'hex'));
  });
  if (found === undefined) throw new AppError('identity/code-unknown');
  return found.codeDigest;
}
