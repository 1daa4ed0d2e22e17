import { createHash, createHmac, randomUUID, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { encodePrefix } from '@genba/shared/exchange/container';
import type { DeviceHeader } from '@genba/shared/exchange/header';
import { fileStatement, invitedStatement } from '@genba/shared/identity/statements';
import { AGENT_CAPABILITIES } from '@genba/shared/protocol/capabilities';
import type { UpdateOffer } from '@genba/shared/protocol/messages';
import { bytesOf, sha256, smallTask } from './fixtures.ts';
import type { TestDevice, TestKey } from './test-device.ts';

/** An update as a device has frozen it. */
export interface FrozenUpdate {
  readonly offer: UpdateOffer;
  readonly weights: Float32Array;
  /** What it starts from; not in the file where left out. */
  readonly start?: Float32Array;
}

/** Freezes weights as an update on a base. */
export function frozen(
  base: { readonly baseId: string; readonly version: number },
  weights: Float32Array,
  more: Partial<UpdateOffer> & { start?: Float32Array } = {},
): FrozenUpdate {
  const { start, ...changes } = more;
  const bytes = bytesOf(weights);
  const offer: UpdateOffer = {
    type: 'update/offer',
    updateId: randomUUID(),
    taskId: smallTask().id,
    baseId: base.baseId,
    baseVersion: base.version,
    rounds: 2,
    examples: 10,
    metrics: { loss: 0.5, validationAccuracy: null },
    encoding: 'float32',
    sizeBytes: bytes.byteLength,
    sha256: sha256(bytes),
    ...changes,
  };
  return { offer, weights, ...(start === undefined ? {} : { start }) };
}

/** What a device's file says, as docs/PROTOCOL.md tells it; tests bend it. */
export interface FileWish extends Partial<DeviceHeader> {
  readonly certificate: string;
  readonly frozen?: FrozenUpdate;
  /** An invitation's code to enrol with. */
  readonly code?: string;
  /** Another key than the device's, under the device's name. */
  readonly signer?: TestKey;
}

/** All bytes of a file. */
export function deviceFile(device: TestDevice, wish: FileWish): Buffer {
  const { frozen: update, code, signer = device.key, ...more } = wish;
  const { clientId, key } = device;
  const taskId = more.taskId ?? smallTask().id;
  const start = update?.start === undefined ? null : bytesOf(update.start);
  const header: DeviceHeader = {
    format: 1,
    from: 'device',
    createdAt: new Date().toISOString(),
    app: 'test',
    clientId,
    plantName: 'as the device says',
    taskId,
    publicKey: key.publicKey,
    capabilities: [...AGENT_CAPABILITIES],
    baseId: update?.offer.baseId ?? null,
    enrol: code === undefined ? null : enrolment({ clientId, taskId, ...wish }, code, key),
    weights: { requestId: randomUUID(), isWanted: code !== undefined },
    update: update?.offer ?? null,
    start:
      start === null
        ? null
        : { baseId: update!.offer.baseId, sizeBytes: start.byteLength, sha256: sha256(start) },
    ...more,
  };
  const encoded = Buffer.from(JSON.stringify(header));
  const signature = sign(null, fileStatement('device', encoded), signer.privateKey).toString('base64url');
  const seal = Buffer.from(JSON.stringify({ signature }));
  const prefix = encodePrefix({ headerBytes: encoded.byteLength, sealBytes: seal.byteLength });
  const payloads = [
    update === undefined ? [] : [bytesOf(update.weights)],
    start === null ? [] : [start],
  ].flat();
  return Buffer.concat([prefix, encoded, seal, ...payloads]);
}

function enrolment(
  { clientId, taskId, certificate }: { clientId: string; taskId: string; certificate: string },
  code: string,
  { publicKey }: TestKey,
): DeviceHeader['enrol'] {
  const secret = createHash('sha256').update(code).digest();
  const about = { clientId, taskId, certificate, publicKey: Buffer.from(publicKey, 'base64url') };
  const proof = createHmac('sha256', secret).update(invitedStatement(about)).digest('hex');
  return { invitation: secret.toString('hex').slice(0, 12), proof };
}

/** Writes a file of a device. @returns its path */
export async function writeDeviceFile(path: string, device: TestDevice, wish: FileWish): Promise<string> {
  await writeFile(path, deviceFile(device, wish));
  return path;
}
