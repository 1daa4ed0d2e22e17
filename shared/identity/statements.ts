import { CHANNEL_BYTES, NONCE_BYTES, PUBLIC_KEY_BYTES } from './wire-types.ts';

/** Bytes of the length before each field: a 32-bit unsigned integer, big-endian. */
const LENGTH_BYTES = 4;

/** What every signature of a device is about: this connection, this challenge, this client and task. */
export interface Conversation {
  /** Of the TLS connection both ends see; see `CHANNEL_LABEL`. */
  readonly channel: Uint8Array;
  /** Of the aggregator's challenge. */
  readonly nonce: Uint8Array;
  readonly clientId: string;
  /** As said in `hello`; null where it named none. */
  readonly taskId: string | null;
}

/**
 * What a device signs in `proof`, with the key that `keyId` names. Bound to the channel, it is worth nothing on any
 * other connection: neither replayed nor relayed.
 * @throws RangeError when channel or nonce do not have their length
 */
export function proofStatement(conversation: Conversation, { keyId }: { keyId: string }): Uint8Array {
  return statement('genba.v1 proof', conversation, [utf8(keyId)]);
}

/**
 * What a device signs in `enrol`, with the key it introduces: a code caught by somebody else does not fit another
 * key, and the key's owner is who introduces it.
 * @throws RangeError when channel, nonce or key do not have their length
 */
export function enrolStatement(
  conversation: Conversation,
  { code, publicKey }: { code: string; publicKey: Uint8Array },
): Uint8Array {
  return statement('genba.v1 enrol', conversation, [utf8(code), requireBytes(publicKey, PUBLIC_KEY_BYTES)]);
}

/**
 * What a device signs in `key/rotate`, with the new key: that it holds it and means it to follow the old one. That
 * the old one agrees is told by the connection, which was opened with it.
 * @throws RangeError when channel, nonce or key do not have their length
 */
export function rotateStatement(
  conversation: Conversation,
  { oldKeyId, publicKey }: { oldKeyId: string; publicKey: Uint8Array },
): Uint8Array {
  const fields = [utf8(oldKeyId), requireBytes(publicKey, PUBLIC_KEY_BYTES)];
  return statement('genba.v1 rotate', conversation, fields);
}

/**
 * What is signed of an exchange file: the bytes of its header as they stand there, which name everything else in it by
 * digest. Who writes it is part of the label, so a file that goes one way is worth nothing the other way.
 */
export function fileStatement(from: 'device' | 'aggregator', header: Uint8Array): Uint8Array {
  return lengthPrefixed([utf8(`genba.v1 file of ${from}`), header]);
}

/** Who asks to be enrolled by file, for which task, with which key, at which aggregator. */
export interface EnrolmentByFile {
  readonly clientId: string;
  readonly taskId: string;
  /** Raw public key. */
  readonly publicKey: Uint8Array;
  /** As in the invitation: which aggregator. */
  readonly certificate: string;
}

/**
 * What an invitation's code vouches for in an exchange file, by a keyed digest: the code itself never travels, and what
 * does fits no other key.
 * @throws RangeError when the key does not have its length
 */
export function invitedStatement(request: EnrolmentByFile): Uint8Array {
  const { clientId, taskId, publicKey, certificate } = request;
  return lengthPrefixed([
    utf8('genba.v1 file enrol'),
    utf8(clientId),
    utf8(taskId),
    requireBytes(publicKey, PUBLIC_KEY_BYTES),
    utf8(certificate),
  ]);
}

/** Label, conversation and what is said about it. */
function statement(
  label: string,
  { channel, nonce, clientId, taskId }: Conversation,
  fields: readonly Uint8Array[],
): Uint8Array {
  return lengthPrefixed([
    utf8(label),
    requireBytes(channel, CHANNEL_BYTES),
    requireBytes(nonce, NONCE_BYTES),
    utf8(clientId),
    // A task id has at least one character.
    utf8(taskId ?? ''),
    ...fields,
  ]);
}

/** Fields, each behind its length: no two different lists of fields give the same bytes. */
function lengthPrefixed(all: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(all.reduce((sum, { byteLength }) => sum + LENGTH_BYTES + byteLength, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const field of all) {
    view.setUint32(offset, field.byteLength);
    bytes.set(field, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + field.byteLength;
  }
  return bytes;
}

function requireBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.byteLength !== length) throw new RangeError(`${bytes.byteLength} bytes, expected ${length}`);
  return bytes;
}

/** @throws URIError on half a surrogate pair */
function utf8(text: string): Uint8Array {
  const parts = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(parts, (part) =>
    part.length === 1 ? part.charCodeAt(0) : Number.parseInt(part.slice(1), 16),
  );
}
