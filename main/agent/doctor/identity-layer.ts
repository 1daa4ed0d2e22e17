import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import type { DoctorVerdict } from '@genba/shared/local-api/doctor-sentences';
import { proofMessage } from '../identity/answers.ts';
import type { DeviceKey } from '../identity/device-key.ts';
import { converse } from './conversation.ts';
import { codeOf } from './in-time.ts';
import { type Finding, failed, type Layer, passed, skipped } from './layer.ts';
import type { Asked, DeviceFacts, Way } from './way.ts';

/** Characters of a key's id that people compare. */
const KEY_ID_START = 8;

const VERDICTS: Readonly<Partial<Record<ErrorCode, DoctorVerdict>>> = {
  'identity/unknown-key': 'identity/unknown-key',
  'identity/revoked': 'identity/revoked',
  'identity/channel-mismatch': 'identity/intercepted',
};

/**
 * Whether the aggregator knows this PC: the PC proves who it is, as always, and leaves. No update is offered and no code
 * is used: of an invitation only its time is compared.
 */
export const identityLayer: Layer<Way> = {
  layer: 'identity',
  async examine(way) {
    const { device, invitationUntil } = way.subject;
    // On this computer, without encryption, everybody is let in.
    if (way.asked === null) return skipped();
    if (invitationUntil !== null) return examineInvitation(way, way.asked, invitationUntil);
    if (device === null) return failed('identity/not-enrolled', way.values);
    if (device.key instanceof AppError) {
      const { code } = device.key;
      return failed(
        'identity/key-lost',
        { ...way.values, key: short(device) },
        { 'key-id': device.keyId, code },
      );
    }
    return prove(way, way.asked, { ...device, key: device.key });
  },
};

function examineInvitation(way: Way, { serverTime }: Asked, until: string): Finding {
  const measured = { 'expires-at': until };
  // The aggregator's clock counts.
  if (Date.parse(until) > Date.parse(serverTime)) return skipped(measured);
  return failed('identity/invitation-expired', { ...way.values, until }, measured);
}

async function prove(
  way: Way,
  { nonce }: Asked,
  device: DeviceFacts & { readonly key: DeviceKey },
): Promise<Finding> {
  const { clientId, taskId, keyId, key } = device;
  const measured = { 'key-id': keyId };
  const values = { ...way.values, key: short(device) };
  const refused = (code: ErrorCode) => {
    const { en, ja } = ERROR_CATALOGUE[code];
    const reason = { code, 'reason-en': en, 'reason-ja': ja };
    return failed(VERDICTS[code] ?? 'identity/refused', { ...values, ...reason }, { ...measured, code });
  };
  try {
    const proof = proofMessage({ channel: way.channel!, nonce, clientId, taskId }, key);
    const said = await converse(way, proof);
    if (said.type === 'error') return refused(said.code);
    if (said.type !== 'welcome') return refused('protocol/unexpected-message');
    return passed({ ...measured, task: said.task.id });
  } catch (thrown) {
    if (thrown instanceof AppError) return refused(toAppError(thrown).code);
    return failed('protocol/silent', values, { ...measured, code: codeOf(thrown) });
  }
}

function short({ keyId }: DeviceFacts): string {
  return keyId.slice(0, KEY_ID_START);
}
