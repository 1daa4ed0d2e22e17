import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { readInvitation, serverAddress } from '@genba/shared/identity/invitation';
import type { DoctorWish } from '@genba/shared/local-api/doctor';
import { WEBSOCKET_PATH } from '@genba/shared/protocol/limits';
import { DeviceKey } from '../identity/device-key.ts';
import { type Enrolment, readEnrolment } from '../identity/device-store.ts';
import { FileKeyStore } from '../identity/key-store.ts';
import type { AgentDatabase } from '../store/database.ts';
import type { AgentSettings } from '../store/settings.ts';
import { webSocketAddress } from '../sync/server-address.ts';
import type { DeviceFacts, Trust, WaySubject } from './way.ts';

/** What this PC knows of its aggregator; only read, never mended. */
export interface PlantFacts {
  readonly enrolment: Enrolment | null;
  readonly device: DeviceFacts | null;
  readonly nextDevice: DeviceFacts | null;
  readonly settings: Pick<AgentSettings, 'server' | 'dataset' | 'plantName'>;
}

/** Whether an invitation has expired is for the aggregator's clock to say. */
const BEFORE_ANY_EXPIRY = new Date(0);

/** Reads what the database and the keys of a data folder say, without changing either. */
export function readPlantFacts(
  database: AgentDatabase,
  { dataFolder, settings }: { readonly dataFolder: string; readonly settings: PlantFacts['settings'] },
): PlantFacts {
  const enrolment = isEnrolmentKnown(database) ? readEnrolment(database) : null;
  if (enrolment === null) return { enrolment: null, device: null, nextDevice: null, settings };
  const keys = new FileKeyStore(dataFolder);
  const { taskId } = enrolment;
  const clientId = database.prepare('SELECT client_id FROM client').pluck().get() as string;
  const deviceOf = (state: 'current' | 'accepted'): DeviceFacts | null => {
    const keyId = database.prepare('SELECT key_id FROM device_key WHERE state = ?').pluck().get(state);
    if (typeof keyId !== 'string') return null;
    const common = { clientId, plantName: enrolment.plantName, taskId, keyId };
    return { ...common, key: readKey(keys, keyId) };
  };
  return { enrolment, device: deviceOf('current'), nextDevice: deviceOf('accepted'), settings };
}

/** A database of before the first enrolment, which no newer program has opened yet, has no place for it. */
function isEnrolmentKnown(database: AgentDatabase): boolean {
  return database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'enrolment'").get() !== undefined;
}

function readKey(keys: FileKeyStore, keyId: string): DeviceKey | AppError {
  try {
    return DeviceKey.fromPem(keys.read(keyId) ?? '', keyId);
  } catch (thrown) {
    return toAppError(thrown);
  }
}

/**
 * The ways that are to be examined.
 * @throws AppError `server/bad-address`, `invitation/…`
 */
export function waysOf({ server, invitation }: DoctorWish, facts: PlantFacts): WaySubject[] {
  if (invitation !== null) return waysOfInvitation(invitation);
  const { enrolment, device, nextDevice, settings } = facts;
  const trust: Trust = enrolment === null ? { kind: 'unknown' } : { kind: 'anchor', pem: enrolment.anchor };
  const wayTo = (address: string): WaySubject => ({
    address,
    trust,
    device,
    nextDevice,
    invitationUntil: null,
  });
  if (server !== null) return [wayTo(addressOf(server, enrolment !== null))];
  if (enrolment !== null) return enrolment.servers.map(wayTo);
  return settings.server === null ? [] : [wayTo(plainAddress(settings.server))];
}

function waysOfInvitation(text: string): WaySubject[] {
  const { servers, certificate, expiresAt } = readInvitation(text, BEFORE_ANY_EXPIRY);
  return servers.map((address) => ({
    address,
    trust: { kind: 'fingerprint', sha256: certificate },
    device: null,
    nextDevice: null,
    invitationUntil: expiresAt,
  }));
}

/** An address as a person types it. Unencrypted is only what lies on this computer, and only before enrolment. */
function addressOf(typed: string, isEnrolled: boolean): string {
  const text = typed.trim().normalize('NFKC').toLowerCase();
  const hasTls = /^(wss|https):\/\//.test(text);
  if (!hasTls && !isEnrolled) {
    try {
      return plainAddress(text);
    } catch (thrown) {
      // Another computer: with encryption, then.
      if (toAppError(thrown).code !== 'startup/host-not-loopback') throw thrown;
    }
  }
  const rest = text.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '');
  const parsed = serverAddress.safeParse(`wss://${rest}`);
  if (!parsed.success) throw new AppError('server/bad-address', { detail: typed.slice(0, 300) });
  return parsed.data;
}

function plainAddress(typed: string): string {
  return webSocketAddress(typed).replace(WEBSOCKET_PATH, '');
}
