import { AppError } from '@genba/shared/errors/app-error';
import type { Device, InvitationRecord, SeenDevice } from '../store/identity-register.ts';
import { operator } from './invite.ts';
import { withRegister } from './open-register.ts';

/** Fewest characters by which a key or an invitation may be named. */
const SHORTEST_NAME = 8;

/** Who may connect, and who may yet. */
export interface Guests {
  readonly devices: readonly SeenDevice[];
  /** Those that nobody has used and whose time is not over. */
  readonly invitations: readonly InvitationRecord[];
}

/** What is to be locked out: exactly one of these. */
export interface RevocationWish {
  /** Every device of this client. */
  readonly client?: string;
  /** The device with this key, or the beginning of its id. */
  readonly key?: string;
  /** The invitation with this name, as `devices` shows it. */
  readonly invitation?: string;
}

/** What was locked out. */
export interface Revocation {
  readonly devices: readonly Device[];
  readonly invitations: readonly InvitationRecord[];
}

/** @throws AppError `operation/no-catalogue`, `operation/old-catalogue`, `store/*`, `server/storage` */
export async function listGuests(dataFolder: string): Promise<Guests> {
  const now = new Date().toISOString();
  return withRegister(dataFolder, async (register) => ({
    devices: await register.devices(),
    invitations: (await register.invitations()).filter(
      ({ spentAt, expiresAt }) => spentAt === null && expiresAt > now,
    ),
  }));
}

/**
 * Locks a device out for good, or ends an invitation. A running server cuts the device's connection.
 * @returns what was not locked out before
 * @throws AppError `operation/unknown-device` (none, or several fit), and those of {@link listGuests}
 */
export async function revoke(dataFolder: string, wish: RevocationWish): Promise<Revocation> {
  const doing = { at: new Date().toISOString(), actor: operator() };
  return withRegister(dataFolder, async (register) => {
    if (wish.invitation !== undefined) {
      const name = wish.invitation;
      const all = await register.invitations();
      const invitation = theOne(
        all.filter(({ codeDigest }) => isNamed(codeDigest, name)),
        name,
      );
      const isEnded = await register.withdrawInvitation(invitation.codeDigest, doing);
      return { devices: [], invitations: isEnded ? [invitation] : [] };
    }
    const chosen = chooseDevices(await register.devices(), wish);
    const ids = chosen.map(({ deviceId }) => deviceId);
    return { devices: await register.revoke(ids, doing), invitations: [] };
  });
}

function chooseDevices(devices: readonly Device[], { client, key = '' }: RevocationWish): Device[] {
  if (client !== undefined) {
    const chosen = devices.filter(({ clientId }) => clientId === client.toLowerCase());
    if (chosen.length === 0) throw new AppError('operation/unknown-device', { detail: client });
    return chosen;
  }
  const fits = ({ keyId, nextKeyId }: Device) =>
    isNamed(keyId, key) || (nextKeyId !== null && isNamed(nextKeyId, key));
  return [theOne(devices.filter(fits), key)];
}

function isNamed(id: string, beginning: string): boolean {
  return beginning.length >= SHORTEST_NAME && id.startsWith(beginning.toLowerCase());
}

function theOne<Item>(found: readonly Item[], name: string): Item {
  if (found.length === 1) return found[0]!;
  const detail = found.length === 0 ? name : `${name} fits ${found.length}`;
  throw new AppError('operation/unknown-device', { detail });
}
