import {
  type Conversation,
  enrolStatement,
  proofStatement,
  rotateStatement,
} from '@genba/shared/identity/statements';
import type { ClientMessage } from '@genba/shared/protocol/messages';
import type { DeviceKey } from './device-key.ts';

/** Shows that this device holds the key that `hello` named. */
export function proofMessage(conversation: Conversation, key: DeviceKey): ClientMessage {
  return {
    type: 'proof',
    ...echo(conversation),
    publicKey: key.publicKey,
    signature: key.sign(proofStatement(conversation, key)),
  };
}

/** Introduces a key with an invitation's code. */
export function enrolMessage(conversation: Conversation, key: DeviceKey, code: string): ClientMessage {
  return {
    type: 'enrol',
    ...echo(conversation),
    code,
    publicKey: key.publicKey,
    signature: key.sign(enrolStatement(conversation, { code, publicKey: key.publicKeyBytes })),
  };
}

/** Announces, on a connection that `current` opened, the key that is to follow it. */
export function rotateMessage(
  conversation: Conversation,
  { current, next }: { readonly current: DeviceKey; readonly next: DeviceKey },
): ClientMessage {
  const statement = rotateStatement(conversation, {
    oldKeyId: current.keyId,
    publicKey: next.publicKeyBytes,
  });
  return { type: 'key/rotate', publicKey: next.publicKey, signature: next.sign(statement) };
}

function echo({ nonce, channel }: Conversation) {
  return {
    nonce: Buffer.from(nonce).toString('base64url'),
    channel: Buffer.from(channel).toString('base64url'),
  };
}
