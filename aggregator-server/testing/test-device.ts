import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import {
  type Conversation,
  enrolStatement,
  proofStatement,
  rotateStatement,
} from '@genba/shared/identity/statements';
import type { ClientMessage, ServerMessage } from '@genba/shared/protocol/messages';
import { smallTask } from './fixtures.ts';
import { TestClient } from './test-client.ts';

type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;
type Said<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>;

/** Where a device connects to, and whom it trusts there. */
export interface Server {
  readonly address: string;
  readonly ca: string;
}

/** A connection that was challenged. */
export interface Challenged {
  readonly client: TestClient;
  readonly nonce: string;
}

/** An Ed25519 key pair in the forms of the wire. */
export interface TestKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export function testKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const keyId = createHash('sha256').update(raw).digest('hex');
  return { keyId, publicKey: raw.toString('base64url'), privateKey };
}

/** A device with its key, which says what a test tells it to, right or wrong. */
export class TestDevice {
  readonly clientId: string;
  readonly taskId: string | null;
  key: TestKey;

  constructor(made: { clientId?: string; taskId?: string | null; key?: TestKey } = {}) {
    const { clientId = randomUUID(), taskId = smallTask().id, key = testKey() } = made;
    this.clientId = clientId;
    this.taskId = taskId;
    this.key = key;
  }

  /** Connects and says hello. */
  async challenged(server: Server, keyId: string | null = this.key.keyId): Promise<Challenged> {
    const client = await TestClient.dial(server.address, this.clientId, server.ca);
    client.send({ ...client.hello({ taskId: this.taskId, plantName: 'as the device says' }), keyId });
    const { nonce } = await client.expect('challenge');
    return { client, nonce };
  }

  /** Connects and proves who it is. */
  async join(server: Server): Promise<Challenged & { welcome: MessageOf<'welcome'> }> {
    const challenged = await this.challenged(server);
    challenged.client.send(this.proof(challenged));
    return { ...challenged, welcome: await challenged.client.expect('welcome') };
  }

  /** Connects and enrols with a code. */
  async enrol(server: Server, code: string): Promise<Challenged & { welcome: MessageOf<'welcome'> }> {
    const challenged = await this.challenged(server, null);
    challenged.client.send(this.enrolment(challenged, code));
    return { ...challenged, welcome: await challenged.client.expect('welcome') };
  }

  proof(challenged: Challenged): Said<'proof'> {
    const { keyId, publicKey } = this.key;
    const signature = this.#sign(proofStatement(this.#conversation(challenged), { keyId }));
    return { type: 'proof', ...answered(challenged), publicKey, signature };
  }

  enrolment(challenged: Challenged, code: string): Said<'enrol'> {
    const { publicKey } = this.key;
    const raw = Buffer.from(publicKey, 'base64url');
    const signature = this.#sign(enrolStatement(this.#conversation(challenged), { code, publicKey: raw }));
    return { type: 'enrol', ...answered(challenged), code, publicKey, signature };
  }

  /** Announces another key, which signs. */
  rotation(challenged: Challenged, next: TestKey): Said<'key/rotate'> {
    const statement = rotateStatement(this.#conversation(challenged), {
      oldKeyId: this.key.keyId,
      publicKey: Buffer.from(next.publicKey, 'base64url'),
    });
    const signature = sign(null, statement, next.privateKey).toString('base64url');
    return { type: 'key/rotate', publicKey: next.publicKey, signature };
  }

  #conversation({ client, nonce }: Challenged): Conversation {
    const { clientId, taskId } = this;
    return { channel: client.channel, nonce: Buffer.from(nonce, 'base64url'), clientId, taskId };
  }

  #sign(statement: Uint8Array): string {
    return sign(null, statement, this.key.privateKey).toString('base64url');
  }
}

function answered({ client, nonce }: Challenged): { nonce: string; channel: string } {
  return { nonce, channel: client.channel.toString('base64url') };
}
