import { randomBytes } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { isIdentityRefusal } from '@genba/shared/identity/refusals';
import {
  type Conversation,
  enrolStatement,
  proofStatement,
  rotateStatement,
} from '@genba/shared/identity/statements';
import { NONCE_BYTES } from '@genba/shared/identity/wire-types';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { type ClientMessage, clientMessageSchema, type ServerMessage } from '@genba/shared/protocol/messages';
import type { Logger } from 'pino';
import { codeDigestOf, isSigned, keyIdOf } from '../identity/signatures.ts';
import type { Arrival, Device, IdentityRegister } from '../store/identity-register.ts';
import { AdmissionCounts, type AdmissionLimits } from './admission-limits.ts';
import { decodeText } from './frame-text.ts';
import type { Hello } from './handshake.ts';
import { type ConnectionEnds, PendingConnections } from './pending-connections.ts';
import { RefusalRecord } from './refusal-record.ts';

/** What the handshake needs to know of a connection. */
export interface SecureConnection extends ConnectionEnds {
  readonly remoteAddress: string;
  /** See `CHANNEL_LABEL`. */
  readonly channel: Uint8Array;
}

/** A device that was let in on one connection. */
export interface Admitted {
  readonly device: Device;
  /** The key it was let in by. */
  readonly keyId: string;
}

type Proof = Extract<ClientMessage, { type: 'proof' }>;
type Enrol = Extract<ClientMessage, { type: 'enrol' }>;
type KeyRotate = Extract<ClientMessage, { type: 'key/rotate' }>;

/** Lets devices in that have enrolled, or enrols them; order of checks: docs/PROTOCOL.md. */
export class Admission {
  readonly limits: AdmissionLimits;
  readonly counts: AdmissionCounts;
  readonly pending: PendingConnections;
  readonly register: IdentityRegister;
  readonly #refusals: RefusalRecord;

  constructor(options: { register: IdentityRegister; limits: AdmissionLimits; log: Logger }) {
    this.register = options.register;
    this.limits = options.limits;
    this.counts = new AdmissionCounts(options.limits);
    this.pending = new PendingConnections(options.limits);
    this.#refusals = new RefusalRecord(options);
  }

  /** Counts a handshake that was refused, and writes it down where it was about who the peer is. */
  async refused({ code }: AppError, connection: SecureConnection, hello: Hello | null): Promise<void> {
    const { remoteAddress } = connection;
    await this.counts.countFailure(code, remoteAddress);
    if (hello === null || !isIdentityRefusal(code)) return;
    const { clientId: claimedClient, taskId: claimedTask } = hello;
    this.#refusals.add({ code, remoteAddress, claimedClient, claimedTask });
  }

  close(): Promise<void> {
    return this.#refusals.close();
  }
}

/** One connection's question and its answer. */
export class Challenge {
  readonly #admission: Admission;
  readonly #connection: SecureConnection;
  readonly #hello: Hello;
  readonly #nonce = randomBytes(NONCE_BYTES);

  constructor(admission: Admission, connection: SecureConnection, hello: Hello) {
    this.#admission = admission;
    this.#connection = connection;
    this.#hello = hello;
  }

  get message(): ServerMessage {
    return {
      type: 'challenge',
      nonce: this.#nonce.toString('base64url'),
      serverTime: new Date().toISOString(),
    };
  }

  /**
   * Reads the answer to the challenge.
   * @throws AppError of `IDENTITY_REFUSALS`, `protocol/bad-message`, `protocol/frame-too-large`,
   *   `server/too-many-requests`, `server/storage`
   */
  async answer(bytes: Uint8Array, isBinary: boolean): Promise<Admitted> {
    if (isBinary) throw new AppError('identity/proof-expected', { detail: 'a data frame' });
    const message = parseControlFrame(clientMessageSchema, decodeText(bytes));
    if (message.type === 'proof') return this.#prove(message);
    if (message.type === 'enrol') return this.#enrol(message);
    throw new AppError('identity/proof-expected', { detail: message.type });
  }

  /**
   * Announces the device's next key.
   * @throws AppError `identity/bad-signature`, `identity/unknown-key`, `identity/revoked`, `identity/wrong-device`
   * @returns the new key's id
   */
  async rotateKey({ device, keyId }: Admitted, message: KeyRotate): Promise<string> {
    const { publicKey } = message;
    const statement = rotateStatement(this.#conversation, {
      oldKeyId: keyId,
      publicKey: Buffer.from(publicKey, 'base64url'),
    });
    if (!isSigned(statement, message)) throw new AppError('identity/bad-signature');
    const { at, remoteAddress } = this.#arrival;
    const announcement = { deviceId: device.deviceId, oldKeyId: keyId, at, remoteAddress };
    const next = { keyId: keyIdOf(publicKey), publicKey };
    await this.#admission.register.announceKey(announcement, next);
    return next.keyId;
  }

  async #prove(proof: Proof): Promise<Admitted> {
    const { keyId } = this.#hello;
    if (keyId === null) throw new AppError('identity/not-enrolled');
    this.#requireThisConnection(proof);
    const statement = proofStatement(this.#conversation, { keyId });
    const isRight = keyIdOf(proof.publicKey) === keyId && isSigned(statement, proof);
    if (!isRight) throw new AppError('identity/bad-signature');
    return { device: await this.#admission.register.admit(this.#arrival, keyId), keyId };
  }

  async #enrol(enrol: Enrol): Promise<Admitted> {
    this.#requireThisConnection(enrol);
    const { code, publicKey } = enrol;
    const statement = enrolStatement(this.#conversation, {
      code,
      publicKey: Buffer.from(publicKey, 'base64url'),
    });
    if (!isSigned(statement, enrol)) throw new AppError('identity/bad-signature');
    await this.#admission.counts.requireGuess();
    const keyId = keyIdOf(publicKey);
    const shown = { keyId, publicKey, codeDigest: codeDigestOf(code) };
    return { device: await this.#admission.register.enrol(this.#arrival, shown), keyId };
  }

  /**
   * Names answers to other questions properly. Nothing rests on it: the statement is built from this connection's
   * own values.
   */
  #requireThisConnection({ nonce, channel }: Proof | Enrol): void {
    if (nonce !== this.#nonce.toString('base64url')) throw new AppError('identity/stale-proof');
    if (channel !== Buffer.from(this.#connection.channel).toString('base64url'))
      throw new AppError('identity/channel-mismatch');
  }

  get #conversation(): Conversation {
    const { clientId, taskId } = this.#hello;
    return { channel: this.#connection.channel, nonce: this.#nonce, clientId, taskId };
  }

  get #arrival(): Arrival {
    const { clientId, taskId } = this.#hello;
    const { remoteAddress } = this.#connection;
    return { clientId, taskId, at: new Date().toISOString(), remoteAddress };
  }
}
