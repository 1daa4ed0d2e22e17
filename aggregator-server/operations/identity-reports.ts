import { type Invitation, invitationLink } from '@genba/shared/identity/invitation';
import Table from 'cli-table3';
import { encodeQR } from 'qr';
import type { AuditRow } from '../store/audit-chain.ts';
import type { SeenDevice } from '../store/identity-register.ts';
import { invitationName } from '../store/sqlite-identity-register.ts';
import type { Guests, Revocation } from './devices.ts';

/** How much of a key's id is shown, characters. */
const KEY_NAME_LENGTH = 16;

/** An invitation as a person needs it: what it is for, the link, and the link as a QR code for a terminal. */
export function invitationReport(invitation: Invitation): string {
  const { plantName, taskId, servers, expiresAt } = invitation;
  const link = invitationLink(invitation);
  return [
    `Invitation for ${plantName}, task ${taskId}, good for one device until ${expiresAt}`,
    `Addresses: ${servers.join(', ')}`,
    'Whoever has it may enrol. Hand it over as you would a password.',
    '招待を持つ人は誰でも登録できます。パスワードと同じように扱ってください。',
    '',
    encodeQR(link, 'ascii', { ecc: 'low' }),
    link,
  ].join('\n');
}

/** Devices and open invitations as tables. */
export function guestsReport({ devices, invitations }: Guests): string {
  const deviceTable = new Table({
    head: ['Plant', 'Task', 'Client', 'Key', 'Enrolled', 'Program', 'State'],
    style: { head: [], border: [] },
  });
  for (const device of devices) {
    const { plantName, taskId, clientId, keyId, enrolledAt, program } = device;
    const known = [plantName, taskId, clientId, shortKey(keyId), enrolledAt, program?.app ?? '–'];
    deviceTable.push([...known, stateOf(device)]);
  }
  const invitationTable = new Table({
    head: ['Invitation', 'Plant', 'Task', 'Made', 'Good until'],
    style: { head: [], border: [] },
  });
  for (const { codeDigest, plantName, taskId, createdAt, expiresAt } of invitations) {
    invitationTable.push([invitationName(codeDigest), plantName, taskId, createdAt, expiresAt]);
  }
  const open = invitations.length === 0 ? 'No open invitations.' : invitationTable.toString();
  return `${devices.length === 0 ? 'No devices.' : deviceTable.toString()}\n${open}`;
}

function stateOf({ nextKeyId, revokedAt, program }: SeenDevice): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  const use = nextKeyId === null ? 'in use' : `in use, next key ${shortKey(nextKeyId)}`;
  if (program === null || program.lacks.length === 0) return use;
  return `${use}\nupdate Genba on this PC: it does not know ${program.lacks.join(', ')}`;
}

export function revocationReport({ devices, invitations }: Revocation): string {
  const lines = [
    ...devices.map(
      ({ plantName, clientId, keyId }) => `Revoked: ${plantName}, ${clientId}, ${shortKey(keyId)}`,
    ),
    ...invitations.map(({ plantName, codeDigest }) => `Ended: ${invitationName(codeDigest)}, ${plantName}`),
  ];
  return lines.length === 0 ? 'It was revoked, used or over before. Nothing changed.' : lines.join('\n');
}

/** One row of the audit record as one line of JSON. */
export function auditLine({ detail, ...row }: AuditRow): string {
  return JSON.stringify({ ...row, detail: JSON.parse(detail) });
}

/** Rows of the audit record as a table. */
export function auditTable(rows: readonly AuditRow[]): string {
  const table = new Table({
    head: ['#', 'Time', 'Event', 'By', 'Task', 'Client', 'From', 'Detail'],
    colAligns: ['right'],
    style: { head: [], border: [] },
  });
  for (const { sequence, at, event, actor, taskId, clientId, remoteAddress, detail } of rows) {
    const text = (value: string | null) => value ?? '–';
    table.push([sequence, at, event, actor, text(taskId), text(clientId), text(remoteAddress), detail]);
  }
  return table.toString();
}

function shortKey(keyId: string): string {
  return keyId.slice(0, KEY_NAME_LENGTH);
}
