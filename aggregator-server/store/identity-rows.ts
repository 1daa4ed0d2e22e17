import { z } from 'zod';
import type { AuditRow } from './audit-chain.ts';
import type { Device, InvitationRecord, SeenDevice } from './identity-register.ts';
import { readProgram } from './rows.ts';

// Rows are input too: a database may be edited or damaged, so each one is proved when it is read.

const deviceRow = z.strictObject({
  id: z.string(),
  task_id: z.string(),
  client_id: z.string(),
  plant_name: z.string(),
  key_id: z.string(),
  next_key_id: z.string().nullable(),
  enrolled_at: z.string(),
  revoked_at: z.string().nullable(),
});

/** Columns of {@link readDevice}. */
export const DEVICE_COLUMNS =
  'id, task_id, client_id, plant_name, key_id, next_key_id, enrolled_at, revoked_at';

export function readDevice(value: unknown): Device {
  const row = deviceRow.parse(value);
  return {
    deviceId: row.id,
    taskId: row.task_id,
    clientId: row.client_id,
    plantName: row.plant_name,
    keyId: row.key_id,
    nextKeyId: row.next_key_id,
    enrolledAt: row.enrolled_at,
    revokedAt: row.revoked_at,
  };
}

const seenDeviceRow = deviceRow.extend({ app: z.string().nullable(), lacks: z.string().nullable() });

/** @param value columns of {@link readDevice}, and of its client `app` and `lacks` */
export function readSeenDevice(value: unknown): SeenDevice {
  const { app, lacks, ...device } = seenDeviceRow.parse(value);
  return { ...readDevice(device), program: readProgram({ app, lacks }) };
}

const invitationRow = z.strictObject({
  code_digest: z.string(),
  task_id: z.string(),
  plant_name: z.string(),
  created_at: z.string(),
  expires_at: z.string(),
  spent_at: z.string().nullable(),
  spent_by: z.string().nullable(),
});

export function readInvitation(value: unknown): InvitationRecord & { readonly spentBy: string | null } {
  const row = invitationRow.parse(value);
  return {
    codeDigest: row.code_digest,
    taskId: row.task_id,
    plantName: row.plant_name,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    spentAt: row.spent_at,
    spentBy: row.spent_by,
  };
}

const auditRow = z.strictObject({
  sequence: z.int(),
  at: z.string(),
  event: z.string(),
  actor: z.string(),
  task_id: z.string().nullable(),
  client_id: z.string().nullable(),
  remote_address: z.string().nullable(),
  detail: z.string(),
  digest: z.string(),
});

/** @param value a whole row of `audit` */
export function readAuditRow(value: unknown): AuditRow {
  const row = auditRow.parse(value);
  return {
    sequence: row.sequence,
    at: row.at,
    event: row.event,
    actor: row.actor,
    taskId: row.task_id,
    clientId: row.client_id,
    remoteAddress: row.remote_address,
    detail: row.detail,
    digest: row.digest,
  };
}

const idRow = z.strictObject({ id: z.string() });

export function readId(value: unknown): string {
  return idRow.parse(value).id;
}
