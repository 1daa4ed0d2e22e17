import { randomUUID } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { CHANNEL_BYTES, CHANNEL_LABEL } from '@genba/shared/identity/wire-types';
import { AGENT_CAPABILITIES } from '@genba/shared/protocol/capabilities';
import { decodeDataFrame, encodeDataFrame } from '@genba/shared/protocol/data-frame';
import { DATA_CHUNK_BYTES, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import {
  type ClientMessage,
  type ServerMessage,
  serverMessageSchema,
  type UpdateOffer,
  type WeightsOffer,
} from '@genba/shared/protocol/messages';
import { zeroMask } from '@genba/shared/protocol/zero-mask';
import { WebSocket } from 'ws';
import { bytesOf, sha256, weightsOf } from './fixtures.ts';

/** One frame from the server. */
export type Received = { readonly message: ServerMessage } | { readonly data: Uint8Array };
type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;

/** How long the client waits for an answer, milliseconds. */
const PATIENCE_MS = 15_000;

/** A small genba.v1 client that says exactly what a test tells it to, right or wrong. */
export class TestClient {
  readonly clientId: string;
  readonly #socket: WebSocket;
  readonly #received: Received[] = [];
  #wake: () => void = () => {};
  /** Resolves with the close code. */
  readonly closed: Promise<number>;

  /** Binding to the TLS connection; empty without TLS. */
  channel = Buffer.alloc(0);

  private constructor(socket: WebSocket, clientId: string) {
    this.#socket = socket;
    this.clientId = clientId;
    socket.on('upgrade', ({ socket: below }) => {
      if (below instanceof TLSSocket)
        this.channel = below.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0));
    });
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      const entry: Received = isBinary
        ? { data: bytes }
        : { message: serverMessageSchema.parse(JSON.parse(bytes.toString('utf8'))) };
      this.#received.push(entry);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.#wake();
      });
    });
    socket.on('error', () => {});
  }

  /**
   * Opens a connection without saying hello.
   * @param ca the certificate to trust, where it is TLS
   */
  static async dial(address: string, clientId: string = randomUUID(), ca?: string): Promise<TestClient> {
    const url = `${address.replace('http', 'ws')}${WEBSOCKET_PATH}`;
    const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL, { ca, generateMask: zeroMask });
    const client = new TestClient(socket, clientId);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Opens a connection and waits for the welcome. */
  static async join(
    address: string,
    options: { clientId?: string; taskId?: string | null; plantName?: string } = {},
  ): Promise<{ client: TestClient; welcome: MessageOf<'welcome'> }> {
    const client = await TestClient.dial(address, options.clientId);
    client.send(client.hello(options));
    return { client, welcome: await client.expect('welcome') };
  }

  hello({ taskId = null, plantName = '第一工場' }: { taskId?: string | null; plantName?: string } = {}) {
    return {
      type: 'hello' as const,
      protocol: { min: 1, max: 1 },
      app: 'test/1',
      clientId: this.clientId,
      plantName,
      taskId,
      keyId: null,
      capabilities: [...AGENT_CAPABILITIES],
    };
  }

  send(message: ClientMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Any bytes as a text frame, proper UTF-8 or not. */
  sendTextBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: false });
  }

  sendBinary(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: true });
  }

  /** Resolves when the system has taken all that was sent so far. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#socket.ping(undefined, undefined, () => resolve()));
  }

  /** Plays dead: the connection stays open, but nothing is read or answered any more. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Reads and answers again. */
  readOn(): void {
    this.#socket.resume();
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** The next frame must be this message. */
  async expect<Type extends ServerMessage['type']>(type: Type): Promise<MessageOf<Type>> {
    const received = await this.#next(type);
    if (!('message' in received)) throw new Error(`expected ${type}, got a data frame`);
    if (received.message.type !== type) {
      throw new Error(`expected ${type}, got ${JSON.stringify(received.message)}`);
    }
    return received.message as MessageOf<Type>;
  }

  /** The next frame must be an error with this code. */
  async expectError(code: ErrorCode): Promise<MessageOf<'error'>> {
    const error = await this.expect('error');
    if (error.code !== code) throw new Error(`expected ${code}, got ${JSON.stringify(error)}`);
    return error;
  }

  /** Proves that nothing more was said: hello again is answered by exactly one error. */
  async expectSilence(): Promise<void> {
    this.send(this.hello());
    await this.expectError('protocol/unexpected-message');
  }

  /** Downloads offered weights, checks them, and says that they are installed. */
  async install(offer: WeightsOffer): Promise<Float32Array> {
    const weights = await this.download(offer);
    this.send({ type: 'weights/installed', baseId: offer.baseId });
    return weights;
  }

  async download(offer: WeightsOffer, held: Uint8Array = new Uint8Array()): Promise<Float32Array> {
    this.send({ type: 'weights/resume', baseId: offer.baseId, offset: held.byteLength });
    const { transfer, offset } = await this.expect('weights/data');
    if (offset !== held.byteLength) throw new Error(`server starts at ${offset}`);
    const bytes = new Uint8Array(offer.sizeBytes);
    bytes.set(held);
    for (let position = offset; position < bytes.byteLength; ) {
      const frame = decodeDataFrame(await this.expectData());
      if (frame.transfer !== transfer || frame.offset !== position) throw new Error('data out of order');
      bytes.set(frame.payload, position);
      position += frame.payload.byteLength;
    }
    if (sha256(bytes) !== offer.sha256) throw new Error('weights differ from their digest');
    return weightsOf(bytes);
  }

  /** The next frame, whatever it is. */
  next(): Promise<Received> {
    return this.#next('frame');
  }

  async expectData(): Promise<Uint8Array> {
    const received = await this.#next('data');
    if (!('data' in received)) throw new Error(`expected data, got ${JSON.stringify(received.message)}`);
    return received.data;
  }

  /** Skips data frames up to a message. */
  async skipDataUntil<Type extends ServerMessage['type']>(
    type: Type,
  ): Promise<{ message: MessageOf<Type>; skipped: number }> {
    for (let skipped = 0; ; skipped++) {
      const received = await this.#next(type);
      if ('data' in received) continue;
      if (received.message.type !== type) throw new Error(`got ${JSON.stringify(received.message)}`);
      return { message: received.message as MessageOf<Type>, skipped };
    }
  }

  /** Asks for weights and installs them. */
  async begin(
    reason: 'first' | 'base-refused' = 'first',
  ): Promise<{ offer: WeightsOffer; weights: Float32Array }> {
    this.send({ type: 'weights/request', reason });
    const offer = await this.expect('weights/offer');
    return { offer, weights: await this.install(offer) };
  }

  /** Sends a whole update on a base and waits for the receipt. */
  async upload(offer: UpdateOffer, weights: Float32Array | Uint8Array): Promise<MessageOf<'update/receipt'>> {
    this.send(offer);
    const { transfer, offset } = await this.expect('update/resume');
    this.sendWeights({ transfer, from: offset, weights });
    return this.expect('update/receipt');
  }

  /** Sends the data frames of a vector, or of a part of it. */
  sendWeights(part: {
    transfer: number;
    from: number;
    to?: number;
    weights: Float32Array | Uint8Array;
  }): void {
    const bytes = bytesOf(part.weights);
    const { transfer, from, to = bytes.byteLength } = part;
    for (let offset = from; offset < to; offset += DATA_CHUNK_BYTES) {
      const payload = bytes.subarray(offset, Math.min(to, offset + DATA_CHUNK_BYTES));
      this.sendBinary(encodeDataFrame({ transfer, offset, payload }));
    }
  }

  async #next(wanted: string): Promise<Received> {
    const deadline = Date.now() + PATIENCE_MS;
    while (this.#received.length === 0) {
      const remainingMs = deadline - Date.now();
      const isGone = this.#socket.readyState >= WebSocket.CLOSING;
      if (remainingMs <= 0 || isGone) throw new Error(`no ${wanted}: ${isGone ? 'closed' : 'timed out'}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#received.shift()!;
  }
}

/** An offer for an update on a base; fields may be overridden to make it wrong. */
export function updateOffer(
  base: { taskId: string; baseId: string; baseVersion: number },
  weights: Float32Array,
  changes: Partial<UpdateOffer> = {},
): UpdateOffer {
  return {
    type: 'update/offer',
    updateId: randomUUID(),
    ...base,
    rounds: 1,
    examples: 100,
    metrics: { loss: 0.5, validationAccuracy: 0.9 },
    encoding: 'float32',
    sizeBytes: weights.byteLength,
    ...changes,
    // Not where it is known: who measures the server does not want to wait for it.
    sha256: changes.sha256 ?? sha256(bytesOf(weights)),
  };
}
