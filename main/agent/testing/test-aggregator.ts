import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { IdentityRefusal } from '@genba/shared/identity/refusals';
import {
  type Conversation,
  enrolStatement,
  proofStatement,
  rotateStatement,
} from '@genba/shared/identity/statements';
import { CHANNEL_BYTES, CHANNEL_LABEL, type SecurityMode } from '@genba/shared/identity/wire-types';
import { parseTask, type Task } from '@genba/shared/model/task';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { WEBSOCKET_PATH } from '@genba/shared/protocol/limits';
import { type ClientMessage, clientMessageSchema, type ServerMessage } from '@genba/shared/protocol/messages';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ServerCredentials } from './certificates.ts';

type Of<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>;

interface Device {
  readonly clientId: string;
  keyId: string;
  nextKeyId: string | null;
  isRevoked: boolean;
}

/** Where a connection can be cut, for tests that try every place. */
export type Cut = 'hello' | 'enrol' | 'enrolled' | 'proof' | 'proven' | 'rotate' | 'rotated';

export const TEST_TASK: Task = parseTask({
  id: 'digits',
  name: { en: 'Digits', ja: '数字' },
  input: { kind: 'image', width: 4, height: 4, channels: 1 },
  classes: ['0', '1'],
  model: { template: 'mlp', hiddenUnits: [2] },
});

/**
 * The aggregator's side of the signed handshake over real TLS, as docs/PROTOCOL.md tells it, with every signature
 * verified; it has no weights to give. Tests bend it.
 */
export class TestAggregator {
  /** Codes it accepts, and the key that has used each. */
  readonly codes = new Map<string, string | null>();
  readonly devices: Device[] = [];
  readonly heard: ClientMessage[] = [];
  task: Task = TEST_TASK;
  security: SecurityMode = 'enrolled';
  /** Lets everybody in without asking. */
  isAsking = true;
  /** What its clock says. */
  now: () => Date = () => new Date();
  /** Breaks the next connection that comes there, or leaves it without an answer. */
  cut: Cut | null = null;
  isCutSilent = false;
  readonly #https: Server;
  readonly #sockets: WebSocketServer;

  static async start(credentials: ServerCredentials, options: { maxVersion?: 'TLSv1.2' } = {}) {
    const https = createServer({ ...credentials, minVersion: 'TLSv1.2', ...options });
    const aggregator = new TestAggregator(https);
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    return aggregator;
  }

  private constructor(https: Server) {
    this.#https = https;
    this.#sockets = new WebSocketServer({ server: https, path: WEBSOCKET_PATH });
    this.#sockets.on('connection', (socket, { socket: tls }) => {
      const channel = (tls as TLSSocket).exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0));
      new Connection(this, socket, channel);
    });
  }

  get port(): number {
    return (this.#https.address() as AddressInfo).port;
  }

  /** `wss://127.0.0.1:PORT` */
  get address(): string {
    return `wss://127.0.0.1:${this.port}`;
  }

  /** How many connections stand. */
  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Locks a device out, also from its open connection. */
  revoke(clientId: string): void {
    for (const device of this.devices) if (device.clientId === clientId) device.isRevoked = true;
    for (const socket of this.#sockets.clients) {
      const error = { code: 'identity/revoked', about: null, retry: false, detail: null } as const;
      socket.send(JSON.stringify({ type: 'error', ...error } satisfies ServerMessage));
      socket.close(1008);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#https.closeAllConnections();
    await new Promise((resolve) => this.#https.close(resolve));
  }
}

class Refusal extends Error {
  readonly code: IdentityRefusal;
  constructor(code: IdentityRefusal) {
    super(code);
    this.code = code;
  }
}

class Connection {
  readonly #aggregator: TestAggregator;
  readonly #socket: WebSocket;
  readonly #channel: Buffer;
  readonly #nonce = randomBytes(32);
  #hello: Of<'hello'> | null = null;
  #device: Device | null = null;

  constructor(aggregator: TestAggregator, socket: WebSocket, channel: Buffer) {
    this.#aggregator = aggregator;
    this.#socket = socket;
    this.#channel = channel;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const message = parseControlFrame(clientMessageSchema, data.toString('utf8'));
      aggregator.heard.push(message);
      try {
        this.#hear(message);
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
        this.#say({ type: 'error', code: thrown.code, about: 'hello', retry: false, detail: null });
        socket.close(1008);
      }
    });
  }

  #say(message: ServerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Whether the test wants the connection cut here. */
  #isCut(place: Cut): boolean {
    if (this.#aggregator.cut !== place) return false;
    this.#aggregator.cut = null;
    if (!this.#aggregator.isCutSilent) this.#socket.terminate();
    return true;
  }

  #hear(message: ClientMessage): void {
    switch (message.type) {
      case 'hello':
        this.#hello = message;
        if (!this.#isCut('hello')) this.#greet();
        break;
      case 'proof':
        if (this.#isCut('proof')) break;
        this.#prove(message);
        if (!this.#isCut('proven')) this.#welcome();
        break;
      case 'enrol':
        if (this.#isCut('enrol')) break;
        this.#enrol(message);
        if (!this.#isCut('enrolled')) this.#welcome();
        break;
      case 'key/rotate':
        if (!this.#isCut('rotate')) this.#rotate(message);
        break;
      default:
    }
  }

  #greet(): void {
    if (this.#aggregator.isAsking) {
      this.#say({
        type: 'challenge',
        nonce: this.#nonce.toString('base64url'),
        serverTime: this.#aggregator.now().toISOString(),
      });
    } else this.#welcome();
  }

  #welcome(): void {
    const { task, security } = this.#aggregator;
    const figures = { globalVersion: 0, dataChunkBytes: 262_144, baseId: null };
    this.#say({ type: 'welcome', protocol: 1, task, security, ...figures });
  }

  get #conversation(): Conversation {
    const { clientId, taskId } = this.#hello!;
    return { channel: this.#channel, nonce: this.#nonce, clientId, taskId };
  }

  #requireOwn({ nonce, channel }: Of<'proof'> | Of<'enrol'>): void {
    if (nonce !== this.#nonce.toString('base64url')) throw new Refusal('identity/stale-proof');
    if (channel !== this.#channel.toString('base64url')) throw new Refusal('identity/channel-mismatch');
  }

  #prove(proof: Of<'proof'>): void {
    this.#requireOwn(proof);
    const keyId = this.#hello!.keyId!;
    requireSigned(proofStatement(this.#conversation, { keyId }), proof, keyId);
    const device = this.#aggregator.devices.find((one) => one.keyId === keyId || one.nextKeyId === keyId);
    if (device === undefined) throw new Refusal('identity/unknown-key');
    if (device.isRevoked) throw new Refusal('identity/revoked');
    if (device.clientId !== this.#hello!.clientId) throw new Refusal('identity/wrong-device');
    if (device.nextKeyId === keyId) Object.assign(device, { keyId, nextKeyId: null });
    this.#device = device;
  }

  #enrol(enrol: Of<'enrol'>): void {
    this.#requireOwn(enrol);
    const { code } = enrol;
    const keyId = keyIdOf(enrol.publicKey);
    const publicKey = Buffer.from(enrol.publicKey, 'base64url');
    requireSigned(enrolStatement(this.#conversation, { code, publicKey }), enrol, keyId);
    const { codes, devices } = this.#aggregator;
    const { clientId } = this.#hello!;
    if (devices.some((one) => one.keyId === keyId && one.isRevoked)) throw new Refusal('identity/revoked');
    const user = codes.get(code);
    if (user === undefined) throw new Refusal('identity/code-unknown');
    if (user !== null && user !== keyId) throw new Refusal('identity/code-spent');
    const known = devices.find((one) => one.clientId === clientId && !one.isRevoked);
    if (known !== undefined && known.keyId !== keyId) throw new Refusal('identity/already-enrolled');
    codes.set(code, keyId);
    if (known === undefined) devices.push({ clientId, keyId, nextKeyId: null, isRevoked: false });
  }

  #rotate(rotate: Of<'key/rotate'>): void {
    const device = this.#device!;
    const keyId = keyIdOf(rotate.publicKey);
    const publicKey = Buffer.from(rotate.publicKey, 'base64url');
    const statement = rotateStatement(this.#conversation, { oldKeyId: device.keyId, publicKey });
    requireSigned(statement, rotate, keyId);
    device.nextKeyId = keyId;
    if (this.#isCut('rotated')) return;
    this.#say({ type: 'key/rotated', keyId });
  }
}

function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
}

function requireSigned(
  statement: Uint8Array,
  { publicKey, signature }: { readonly publicKey: string; readonly signature: string },
  keyId: string,
): void {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  const isRight =
    keyIdOf(publicKey) === keyId && verify(null, statement, key, Buffer.from(signature, 'base64url'));
  if (!isRight) throw new Refusal('identity/bad-signature');
}
