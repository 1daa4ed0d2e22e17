import { createHash, createHmac } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { MAX_FILE_BYTES } from '@genba/shared/exchange/container';
import { type DeviceHeader, EXCHANGE_FORMAT, INVITATION_NAME_LENGTH } from '@genba/shared/exchange/header';
import { fileStatement, invitedStatement } from '@genba/shared/identity/statements';
import { AGENT_CAPABILITIES } from '@genba/shared/protocol/capabilities';
import type { DeviceKey } from '../identity/device-key.ts';
import type { DeviceStore } from '../identity/device-store.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { Outbox, OutstandingUpdate } from '../store/outbox.ts';
import { toBytes } from '../store/weights-blob.ts';
import type { ExchangeStore, RequestedEnrolment } from './exchange-store.ts';
import { type FileParts, sizeOf } from './write-file.ts';

/** What files are made from. */
export interface OutgoingContext {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly exchange: ExchangeStore;
  readonly appVersion: string;
}

/** A file that is ready to be written. */
export interface OutgoingFile {
  readonly header: DeviceHeader;
  readonly parts: FileParts;
}

/**
 * Makes the file for the aggregator: the outstanding update, frozen as for a connection, or a request for weights. Made
 * again it carries the same update with the same bytes.
 * @throws AppError `identity/not-enrolled`, `identity/key-lost`, `exchange/nothing-to-send`, `exchange/too-large`
 */
export function updateFile(context: OutgoingContext): OutgoingFile {
  const { device, client, outbox, exchange } = context;
  const enrolment = device.enrolment();
  if (enrolment === null) throw new AppError('identity/not-enrolled');
  const key = device.connectionKey();
  const weights = exchange.weightsRequest();
  // A new one on a refused base would be refused, too; one on its way needs its word before fresh weights are taken.
  const update = weights.isWanted ? outbox.outstanding() : outbox.next();
  if (update === null && !weights.isWanted) throw new AppError('exchange/nothing-to-send');
  const more = { weights, update: update === null ? null : offerOf(update, enrolment.taskId), enrol: null };
  const header = headerOf(context, { ...enrolment, key }, more);
  if (update === null) return sealed(header, key, []);
  const start = toBytes(client.startWeights()!);
  const sha256 = createHash('sha256').update(start).digest('hex');
  const named = { baseId: update.baseId, sizeBytes: start.byteLength, sha256 };
  const whole = sealed({ ...header, start: named }, key, [update.payload, start]);
  if (sizeOf(whole.parts) <= MAX_FILE_BYTES) return whole;
  // Only an aggregator that let go of them needs the start weights; it refuses the update then.
  const bare = sealed(header, key, [update.payload]);
  if (sizeOf(bare.parts) <= MAX_FILE_BYTES) return bare;
  throw new AppError('exchange/too-large', { detail: `${sizeOf(bare.parts)} bytes` });
}

/**
 * Makes the file that asks the aggregator to enrol this PC. The invitation's code stays here: what travels proves that
 * who made the file has it, and fits this PC's key only.
 */
export function requestFile(
  context: OutgoingContext,
  invited: RequestedEnrolment,
  code: string,
): OutgoingFile {
  const { device, client, exchange } = context;
  const { taskId, certificate, codeDigest } = invited;
  const key = device.enrollingKey();
  const { clientId } = client;
  const statement = invitedStatement({ clientId, taskId, certificate, publicKey: key.publicKeyBytes });
  const secret = createHash('sha256').update(code).digest();
  const enrol = {
    invitation: codeDigest.slice(0, INVITATION_NAME_LENGTH),
    proof: createHmac('sha256', secret).update(statement).digest('hex'),
  };
  const weights = exchange.weightsRequest();
  return sealed(headerOf(context, { ...invited, key }, { weights, update: null, enrol }), key, []);
}

function headerOf(
  { client, appVersion }: OutgoingContext,
  {
    taskId,
    plantName,
    certificate,
    key,
  }: Pick<RequestedEnrolment, 'taskId' | 'plantName' | 'certificate'> & { key: DeviceKey },
  more: Pick<DeviceHeader, 'weights' | 'update' | 'enrol'>,
): DeviceHeader {
  return {
    format: EXCHANGE_FORMAT,
    createdAt: new Date().toISOString(),
    app: `genba-agent/${appVersion}`,
    from: 'device',
    clientId: client.clientId,
    plantName,
    taskId,
    certificate,
    publicKey: key.publicKey,
    capabilities: [...AGENT_CAPABILITIES],
    baseId: client.base()?.baseId ?? null,
    start: null,
    ...more,
  };
}

function offerOf(update: OutstandingUpdate, taskId: string): DeviceHeader['update'] {
  const { updateId, baseId, baseVersion, report, encoding, payload, sha256, weightsSha256 } = update;
  return {
    type: 'update/offer',
    updateId,
    taskId,
    baseId,
    baseVersion,
    ...report,
    encoding,
    sizeBytes: payload.byteLength,
    sha256,
    ...(weightsSha256 === null ? {} : { weightsSha256 }),
  };
}

function sealed(header: DeviceHeader, key: DeviceKey, payloads: readonly Uint8Array[]): OutgoingFile {
  const bytes = Buffer.from(JSON.stringify(header));
  const seal = Buffer.from(JSON.stringify({ signature: key.sign(fileStatement('device', bytes)) }));
  return { header, parts: { header: bytes, seal, payloads } };
}
