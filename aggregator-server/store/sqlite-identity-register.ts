import { randomUUID, timingSafeEqual } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { type AuditHead, type AuditNote, CHAIN_START, chainDigest } from './audit-chain.ts';
import type {
  Arrival,
  Device,
  DeviceKey,
  Doing,
  IdentityRegister,
  InvitationRecord,
  KeyAnnouncement,
  NewInvitation,
  SeenDevice,
} from './identity-register.ts';
import {
  DEVICE_COLUMNS,
  readAuditRow,
  readDevice,
  readId,
  readInvitation,
  readSeenDevice,
} from './identity-rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** How much of a code's digest names an invitation in the record, characters. */
const INVITATION_NAME_LENGTH = 12;

const INSERT_DEVICE = `
  INSERT INTO devices (id, task_id, client_id, plant_name, key_id, public_key, enrolled_at)
  VALUES (@deviceId, @taskId, @clientId, @plantName, @keyId, @publicKey, @at)`;

const INSERT_AUDIT_ROW = `
  INSERT INTO audit
  VALUES (@sequence, @at, @event, @actor, @taskId, @clientId, @remoteAddress, @detail, @digest)`;

/** The announced key becomes the key. */
const PROMOTE_KEY = `
  UPDATE devices
  SET key_id = next_key_id, public_key = next_public_key, next_key_id = NULL, next_public_key = NULL
  WHERE id = @deviceId`;

const WITHDRAW_INVITATION = `
  UPDATE invitations SET expires_at = @at
  WHERE code_digest = @codeDigest AND spent_at IS NULL AND expires_at > @at`;

/** The part of an invitation's code digest by which people name it. */
export function invitationName(codeDigest: string): string {
  return codeDigest.slice(0, INVITATION_NAME_LENGTH);
}

/** The register in the catalogue's SQLite file. */
export class SqliteIdentityRegister implements IdentityRegister {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async addInvitation(invitation: NewInvitation, { at, actor }: Doing): Promise<void> {
    return this.#connection.transact(() => {
      const { codeDigest, taskId, plantName, expiresAt } = invitation;
      const sql = `INSERT INTO invitations VALUES (@codeDigest, @taskId, @plantName, @at, @expiresAt, NULL, NULL)`;
      this.#connection.change(sql, { codeDigest, taskId, plantName, at, expiresAt });
      const detail = { invitation: invitationName(codeDigest), plantName, expiresAt };
      const where = { taskId, clientId: null, remoteAddress: null };
      this.#note({ at, event: 'invitation-made', actor, ...where, detail });
    });
  }

  async withdrawInvitation(codeDigest: string, { at, actor }: Doing): Promise<boolean> {
    return this.#connection.transact(() => {
      if (this.#connection.change(WITHDRAW_INVITATION, { codeDigest, at }) === 0) return false;
      const { taskId, plantName } = this.#invitation(codeDigest)!;
      const detail = { invitation: invitationName(codeDigest), plantName };
      const where = { taskId, clientId: null, remoteAddress: null };
      this.#note({ at, event: 'invitation-withdrawn', actor, ...where, detail });
      return true;
    });
  }

  async invitations(): Promise<InvitationRecord[]> {
    const sql = 'SELECT * FROM invitations ORDER BY created_at DESC, code_digest';
    return this.#connection.read(() =>
      this.#connection.all(sql, {}).map((row) => {
        const { spentBy: _, ...invitation } = readInvitation(row);
        return invitation;
      }),
    );
  }

  async enrol(arrival: Arrival, shown: DeviceKey & { readonly codeDigest: string }): Promise<Device> {
    return this.#connection.transact(() => {
      const { clientId, at } = arrival;
      const { codeDigest, keyId, publicKey } = shown;
      const holder = this.#holderOf(keyId);
      if (holder !== null && holder.revokedAt !== null) throw new AppError('identity/revoked');
      const invitation = this.#invitation(codeDigest);
      if (invitation === null || (arrival.taskId !== null && arrival.taskId !== invitation.taskId))
        throw new AppError('identity/code-unknown');
      const { taskId, plantName, spentBy, expiresAt } = invitation;
      if (spentBy !== null) return this.#requireSpender(spentBy, { clientId, keyId });
      if (expiresAt <= at) throw new AppError('identity/code-expired', { detail: expiresAt });
      const known = this.#deviceInUse(taskId, clientId);
      if (known !== null) throw new AppError('identity/already-enrolled', { detail: `client ${clientId}` });
      if (holder !== null) throw new AppError('identity/wrong-device');
      const deviceId = randomUUID();
      const device = { deviceId, taskId, clientId, plantName, keyId, publicKey, at };
      this.#connection.change(INSERT_DEVICE, device);
      const spend =
        'UPDATE invitations SET spent_at = @at, spent_by = @deviceId WHERE code_digest = @codeDigest';
      this.#connection.change(spend, { at, deviceId, codeDigest });
      this.#noteDevice('enrolled', { taskId, clientId }, arrival, {
        plantName,
        keyId,
        invitation: invitationName(codeDigest),
      });
      return this.#device(deviceId)!;
    });
  }

  async admit(arrival: Arrival, keyId: string): Promise<Device> {
    return this.#connection.transact(() => {
      const device = this.#holderOf(keyId);
      if (device === null) throw new AppError('identity/unknown-key');
      if (device.revokedAt !== null) throw new AppError('identity/revoked');
      const isOther = arrival.taskId !== null && arrival.taskId !== device.taskId;
      if (isOther || arrival.clientId !== device.clientId) throw new AppError('identity/wrong-device');
      if (device.keyId === keyId) return device;
      const { deviceId } = device;
      this.#connection.change(PROMOTE_KEY, { deviceId });
      this.#noteDevice('key-rotated', device, arrival, { from: device.keyId, to: keyId });
      return this.#device(deviceId)!;
    });
  }

  async announceKey(announcement: KeyAnnouncement, { keyId, publicKey }: DeviceKey): Promise<void> {
    return this.#connection.transact(() => {
      const { deviceId, oldKeyId } = announcement;
      const device = this.#device(deviceId);
      if (device === null || device.keyId !== oldKeyId) throw new AppError('identity/unknown-key');
      if (device.revokedAt !== null) throw new AppError('identity/revoked');
      // Said again.
      if (keyId === device.keyId || keyId === device.nextKeyId) return;
      if (this.#holderOf(keyId) !== null) throw new AppError('identity/wrong-device');
      const sql = `UPDATE devices SET next_key_id = @keyId, next_public_key = @publicKey WHERE id = @deviceId`;
      this.#connection.change(sql, { deviceId, keyId, publicKey });
      this.#noteDevice('key-announced', device, announcement, { from: oldKeyId, to: keyId });
    });
  }

  async revoke(deviceIds: readonly string[], { at, actor }: Doing): Promise<Device[]> {
    return this.#connection.transact(() =>
      deviceIds.flatMap((deviceId) => {
        const sql = 'UPDATE devices SET revoked_at = @at WHERE id = @deviceId AND revoked_at IS NULL';
        if (this.#connection.change(sql, { deviceId, at }) === 0) return [];
        const device = this.#device(deviceId)!;
        const { taskId, clientId, plantName, keyId } = device;
        const where = { taskId, clientId, remoteAddress: null };
        this.#note({ at, event: 'revoked', actor, ...where, detail: { plantName, keyId } });
        return [device];
      }),
    );
  }

  async revokedAmong(deviceIds: readonly string[]): Promise<string[]> {
    const sql = `SELECT id FROM devices
                 WHERE revoked_at IS NOT NULL AND id IN (SELECT value FROM json_each(@deviceIds))`;
    const values = { deviceIds: JSON.stringify(deviceIds) };
    return this.#connection.read(() => this.#connection.all(sql, values).map(readId));
  }

  async devices(): Promise<SeenDevice[]> {
    const sql = `SELECT ${DEVICE_COLUMNS.replace(/\w+/g, 'devices.$&')}, app, lacks FROM devices
                 LEFT JOIN clients USING (task_id, client_id)
                 ORDER BY devices.plant_name, devices.task_id, enrolled_at, id`;
    return this.#connection.read(() => this.#connection.all(sql, {}).map(readSeenDevice));
  }

  async note(note: AuditNote): Promise<void> {
    return this.#connection.transact(() => this.#note(note));
  }

  async auditHead(): Promise<AuditHead> {
    return this.#connection.read(() => this.#auditHead());
  }

  /** @throws AppError `identity/code-spent` unless this very device spent the code with this very key */
  #requireSpender(deviceId: string, { clientId, keyId }: { clientId: string; keyId: string }): Device {
    const spender = this.#device(deviceId)!;
    const isSame = spender.clientId === clientId && isSameDigest(spender.keyId, keyId);
    if (!isSame) throw new AppError('identity/code-spent');
    if (spender.revokedAt !== null) throw new AppError('identity/revoked');
    return spender;
  }

  /** Found by the digest of a code that nobody can choose: how long the look-up takes tells nothing about a code. */
  #invitation(codeDigest: string): ReturnType<typeof readInvitation> | null {
    const row = this.#connection.get('SELECT * FROM invitations WHERE code_digest = @codeDigest', {
      codeDigest,
    });
    if (row === undefined) return null;
    const invitation = readInvitation(row);
    return isSameDigest(invitation.codeDigest, codeDigest) ? invitation : null;
  }

  #device(deviceId: string): Device | null {
    const row = this.#connection.get(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE id = @deviceId`, {
      deviceId,
    });
    return row === undefined ? null : readDevice(row);
  }

  #deviceInUse(taskId: string, clientId: string): Device | null {
    const sql = `SELECT ${DEVICE_COLUMNS} FROM devices
                 WHERE task_id = @taskId AND client_id = @clientId AND revoked_at IS NULL`;
    const row = this.#connection.get(sql, { taskId, clientId });
    return row === undefined ? null : readDevice(row);
  }

  /** The device whose key this is, now or next. */
  #holderOf(keyId: string): Device | null {
    const sql = `SELECT ${DEVICE_COLUMNS} FROM devices WHERE key_id = @keyId OR next_key_id = @keyId`;
    const row = this.#connection.get(sql, { keyId });
    return row === undefined ? null : readDevice(row);
  }

  #noteDevice(
    event: AuditNote['event'],
    { taskId, clientId }: { readonly taskId: string; readonly clientId: string },
    { at, remoteAddress }: { readonly at: string; readonly remoteAddress: string },
    detail: AuditNote['detail'],
  ): void {
    this.#note({ at, event, actor: 'device', taskId, clientId, remoteAddress, detail });
  }

  #note(note: AuditNote): void {
    const previous = this.#auditHead();
    const row = { ...note, sequence: previous.sequence + 1, detail: JSON.stringify(note.detail) };
    const digest = chainDigest(previous.digest, row);
    this.#connection.change(INSERT_AUDIT_ROW, { ...row, digest });
  }

  #auditHead(): AuditHead {
    const newest = this.#connection.get('SELECT * FROM audit ORDER BY sequence DESC LIMIT 1', {});
    if (newest === undefined) return { sequence: 0, digest: CHAIN_START };
    const { sequence, digest } = readAuditRow(newest);
    return { sequence, digest };
  }
}

/** Compares two sha256 in hexadecimal in a time that does not depend on them. */
function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
