import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { EXAMINE, WANTS_GLOBAL } from '@genba/shared/protocol/capabilities';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { DATA_CHUNK_BYTES, PROTOCOL_VERSION, REPLY_DEADLINE_MS } from '@genba/shared/protocol/limits';
import { type ClientMessage, clientMessageSchema, type ServerMessage } from '@genba/shared/protocol/messages';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { BaseRecord, UpdateRecord } from '../store/catalogue.ts';
import type { Store } from '../store/open-store.ts';
import type { Retention } from '../store/retention.ts';
import { type Admission, type Admitted, Challenge, type SecureConnection } from './admission.ts';
import { Channel, isOurFault } from './channel.ts';
import { DownloadDesk } from './download-desk.ts';
import { decodeText } from './frame-text.ts';
import { findEngine, type Hello, lackedBy, readHello, tooOld } from './handshake.ts';
import { tellHeld } from './held-notice.ts';
import { Inbox } from './inbox.ts';
import { countReceivedMemory, freeReceived } from './received-memory.ts';
import { type SessionContext, TransferNumbers } from './session-context.ts';
import type { RegisteredSession, SessionRegistry } from './session-registry.ts';
import { UploadDesk } from './upload-desk.ts';

/** WebSocket close codes the server uses (RFC 6455, section 7.4.1). */
const CLOSE_NORMAL = 1000;
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_REFUSED = 1008;
const CLOSE_TOO_BIG = 1009;

/** How long a peer may take to answer a close before its socket is cut, milliseconds. */
const CLOSE_GRACE_MS = 2000;

/** Most bytes a peer may send before its welcome: several times what a handshake takes. */
const MAX_HANDSHAKE_BYTES = 64 * 1024;

/** What a session needs from the gateway. */
export interface SessionHost {
  readonly engines: ReadonlyMap<string, TaskEngine>;
  readonly store: Pick<Store, 'catalogue' | 'screening' | 'weights' | 'parts'>;
  readonly retention: Pick<Retention, 'usage'>;
  readonly registry: SessionRegistry;
  /** null where everybody on this computer is let in. */
  readonly admission: Admission | null;
  readonly log: Logger;
}

/** Words of ours that wait for their turn. */
const NOTHING_KEPT = { sizeBytes: 0, isKept: false } as const;

type KeyRotate = Extract<ClientMessage, { type: 'key/rotate' }>;

/** The two sides of an open session, after its handshake. */
interface OpenSession {
  readonly engine: TaskEngine;
  /** null where everybody on this computer is let in. */
  readonly admitted: Admitted | null;
  readonly clientId: string;
  readonly uploads: UploadDesk;
  readonly downloads: DownloadDesk;
  readonly context: SessionContext;
  /** Whether the client wants to be told of the global weights. */
  readonly wantsGlobal: boolean;
}

/**
 * One connection: handshake, then transfers both ways until it closes. Frames are handled one after the other;
 * each wrong one is answered by one error frame and changes nothing.
 */
export class Session implements RegisteredSession {
  readonly #socket: WebSocket;
  readonly #host: SessionHost;
  readonly #channel: Channel;
  readonly #inbox: Inbox;
  /** null where everybody on this computer is let in. */
  readonly #connection: SecureConnection | null;
  #handshakeDeadline: NodeJS.Timeout;
  #hello: Hello | null = null;
  /** Between hello and welcome, and for the keys announced after it; null where nobody is challenged. */
  #challenge: Challenge | null = null;
  /** The device whose key opened the session, from the moment it was let in. */
  #deviceId: string | null = null;
  #handshakeBytes = 0;
  /** null until welcome. */
  #open: OpenSession | null = null;
  #ending: Promise<void> | null = null;
  /** What the frame in hand is about, for its error frame. */
  #about: string | null = null;
  #wasHeard = true;
  /** Until what the client has installed is noted. */
  #noting: Promise<void> = Promise.resolve();

  /** @param connection null where everybody on this computer is let in */
  constructor(socket: WebSocket, host: SessionHost, connection: SecureConnection | null) {
    this.#socket = socket;
    this.#host = host;
    this.#connection = connection;
    this.#channel = new Channel(socket, {
      isSecure: connection !== null,
      onTaken: () => {
        this.#wasHeard = true;
      },
    });
    this.#inbox = new Inbox(socket);
    this.#handshakeDeadline = this.#startDeadline(
      new AppError('protocol/hello-expected', { detail: 'no hello in time' }),
    );
    socket.on('message', (data, isBinary) => this.#onFrame(data, isBinary));
    for (const sign of ['ping', 'pong'] as const) {
      socket.on(sign, () => {
        this.#wasHeard = true;
      });
    }
    // Broken frames and frames beyond the hard limit: ws closes the connection with the proper code by itself.
    socket.on('error', (error) => host.log.info({ message: error.message }, 'connection failed'));
    socket.on('close', () => void this.end());
  }

  /** The device whose key opened the session; null before that, and where everybody is let in. */
  get deviceId(): string | null {
    return this.#deviceId;
  }

  /** Counts bytes that came; a stranger who sends more than a handshake takes is refused before they are kept. */
  countReceived(sizeBytes: number): void {
    if (this.#open !== null || this.#host.admission === null) return;
    this.#handshakeBytes += sizeBytes;
    if (this.#handshakeBytes <= MAX_HANDSHAKE_BYTES) return;
    const error = new AppError('protocol/frame-too-large', { detail: 'handshake' });
    this.#refuseHandshake(error, CLOSE_TOO_BIG);
    // Nothing more is read; the grace time of the close cuts the connection.
    this.#socket.pause();
  }

  /**
   * Pings the peer; cuts the connection of one that has not been heard, and was sent nothing, since the last call: on a
   * slow link ping and pong wait behind a transfer.
   */
  checkAlive(): void {
    if (!this.#wasHeard && !this.#inbox.isFull) {
      this.#socket.terminate();
      return;
    }
    this.#wasHeard = false;
    this.#socket.ping();
  }

  /** See {@link RegisteredSession.tellNews}; after whatever is being handled. */
  tellNews(base?: BaseRecord): void {
    this.#inbox.add(NOTHING_KEPT, () =>
      this.#answering(async () => {
        if (this.#open === null) return;
        if (base === undefined) await tellNews(this.#open);
        else this.#open.downloads.offerFresh(base);
      }),
    );
  }

  /** Says that the client must offer an update again or will get no answer to it, after whatever is being handled. */
  recall(updateId: string, error: AppError): void {
    this.#inbox.add(NOTHING_KEPT, async () => this.#channel.sendError(error, updateId));
  }

  /**
   * Ends the session; resolves when it touches neither files nor state any more.
   * @param farewell an error to say and the close code; nothing for a connection that is gone
   */
  end(farewell?: { error?: ErrorCode; closeCode: number }): Promise<void> {
    this.#ending ??= this.#finish(farewell);
    return this.#ending;
  }

  async #finish(farewell?: { error?: ErrorCode; closeCode: number }): Promise<void> {
    clearTimeout(this.#handshakeDeadline);
    if (farewell) {
      if (farewell.error) this.#channel.sendError(new AppError(farewell.error), null);
      // A paused socket would never see the peer's close.
      this.#socket.resume();
      this.#socket.close(farewell.closeCode, farewell.error);
      setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
    }
    // What of an upload has come need not come again, unless its sender is not to be believed any more.
    await this.#inbox.close({
      isDrained: farewell?.error === undefined || farewell.error === 'server/replaced',
    });
    const open = this.#open;
    if (open === null) return;
    await this.#noting;
    await open.downloads.close();
    await open.uploads.close().catch((thrown) => this.#report(toAppError(thrown)));
    this.#host.registry.release(open.engine.task.id, open.clientId, this);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    this.#wasHeard = true;
    // With the default binaryType, ws hands over one Buffer per message.
    const bytes = data as Buffer;
    countReceivedMemory(bytes.byteLength);
    this.#inbox.add({ sizeBytes: bytes.byteLength, isKept: isBinary }, () => {
      if (this.#open === null) return this.#onHandshakeFrame(bytes, isBinary);
      const open = this.#open;
      return this.#answering(() => (isBinary ? this.#onData(open, bytes) : this.#onControl(open, bytes)));
    });
  }

  async #onHandshakeFrame(bytes: Buffer, isBinary: boolean): Promise<void> {
    try {
      if (this.#challenge !== null) {
        const admitted = await this.#challenge.answer(bytes, isBinary);
        this.#deviceId = admitted.device.deviceId;
        await this.#requireNotRevoked(this.#deviceId);
        await this.#welcome(this.#hello!, admitted);
        return;
      }
      if (isBinary) throw new AppError('protocol/hello-expected');
      this.#hello = readHello(bytes);
      const { admission } = this.#host;
      if (admission === null) await this.#welcome(this.#hello, null);
      else this.#startChallenge(new Challenge(admission, this.#connection!, this.#hello));
    } catch (thrown) {
      this.#refuseHandshake(toAppError(thrown));
    }
  }

  /**
   * A device may be locked out while it is let in. From here on the gateway ends this session then; what came before
   * is asked once more.
   * @throws AppError `identity/revoked`
   */
  async #requireNotRevoked(deviceId: string): Promise<void> {
    const revoked = await this.#host.admission?.register.revokedAmong([deviceId]);
    if (revoked?.includes(deviceId)) throw new AppError('identity/revoked');
  }

  #startChallenge(challenge: Challenge): void {
    clearTimeout(this.#handshakeDeadline);
    const late = new AppError('identity/proof-expected', { detail: 'no answer in time' });
    this.#handshakeDeadline = this.#startDeadline(late);
    this.#challenge = challenge;
    this.#channel.send(challenge.message);
  }

  #startDeadline(late: AppError): NodeJS.Timeout {
    const timeoutMs = this.#host.admission?.limits.handshakeMs ?? REPLY_DEADLINE_MS;
    return setTimeout(() => this.#refuseHandshake(late), timeoutMs);
  }

  /** Not awaited: the end of a session waits for the frame in hand. */
  #refuseHandshake(error: AppError, closeCode = CLOSE_REFUSED): void {
    if (this.#ending !== null) return;
    this.#report(error);
    this.#channel.sendError(error, 'hello');
    void this.end({ closeCode });
    void this.#host.admission?.refused(error, this.#connection!, this.#hello);
  }

  /** The answer to who only wanted to know whether he would be let in: no session, and no trace of him. */
  #dismiss(engine: TaskEngine, admitted: Admitted | null): void {
    this.#channel.send(welcomeOf(engine, { admitted, baseId: null }));
    // Not awaited: the end of a session waits for the frame in hand.
    void this.end({ closeCode: CLOSE_NORMAL });
  }

  async #welcome(hello: Hello, admitted: Admitted | null): Promise<void> {
    const { admission, registry, store, engines } = this.#host;
    const { clientId } = hello;
    const engine = findEngine(engines, admitted?.device.taskId ?? hello.taskId);
    const taskId = engine.task.id;
    const isExamination = hello.capabilities.includes(EXAMINE);
    const lacks = lackedBy(hello, engine.task);
    const plantName = admitted?.device.plantName ?? hello.plantName;
    const seenAt = new Date().toISOString();
    const seen = { taskId, clientId, plantName, seenAt, program: { app: hello.app, lacks } };
    if (lacks.length > 0) {
      // Who looks after the server sees by it which PC waits for an update.
      if (!isExamination) await store.catalogue.seeClient(seen);
      throw tooOld(lacks, engine.task);
    }
    clearTimeout(this.#handshakeDeadline);
    if (isExamination) return this.#dismiss(engine, admitted);
    await registry.claim(taskId, clientId, this);
    const log = this.#host.log.child({ taskId, clientId });
    const context = { clientId, engine, store, channel: this.#channel, log };
    const numbers = new TransferNumbers();
    const uploads = new UploadDesk(context, numbers);
    const downloads = new DownloadDesk(context, numbers);
    // From here on, ending this session also releases its claim.
    const wantsGlobal = hello.capabilities.includes(WANTS_GLOBAL);
    const open = { engine, admitted, clientId, uploads, downloads, context, wantsGlobal };
    this.#open = open;
    if (this.#connection !== null) admission?.pending.settle(this.#connection);
    if (this.#ending !== null) return;
    const client = await store.catalogue.seeClient(seen);
    this.#channel.send(welcomeOf(engine, { admitted, baseId: client.base?.baseId ?? null }));
    log.info({ app: hello.app, keyId: admitted?.keyId }, 'client connected');
    await tellNews(open);
    if (wantsGlobal && client.base?.installedAt) downloads.offerGlobal();
  }

  async #onData(open: OpenSession, bytes: Buffer): Promise<void> {
    this.#about = open.uploads.openUpdateId;
    await this.#counting(open, () => open.uploads.data(bytes, () => freeReceived(bytes)));
  }

  async #onControl(open: OpenSession, bytes: Buffer): Promise<void> {
    const { uploads, downloads } = open;
    const message = parseDuring(uploads.openUpdateId, bytes);
    this.#about = aboutOf(message);
    switch (message.type) {
      case 'hello':
      case 'proof':
      case 'enrol':
        throw new AppError('protocol/unexpected-message', { detail: `${message.type} on an open session` });
      case 'key/rotate':
        return this.#rotateKey(open, message);
      case 'update/offer':
        if (this.#deviceId !== null) await this.#host.admission?.counts.countOffer(this.#deviceId);
        return this.#counting(open, () => uploads.offer(message));
      case 'base/missing':
        this.#about = uploads.openUpdateId ?? message.baseId;
        return this.#counting(open, () => uploads.baseMissing(message.baseId));
      case 'weights/request':
        return downloads.request(message.reason);
      case 'weights/resume':
        return downloads.resume(message);
      case 'weights/installed':
        if (!open.wantsGlobal) return this.#noteInstalled(open, message.baseId);
        await downloads.installed(message.baseId);
        downloads.offerGlobal();
        return;
      case 'global/resume':
        return downloads.resumeGlobal(message);
    }
  }

  /** The next frame need not wait until the disk has it: the catalogue takes up its calls in their order. */
  #noteInstalled({ downloads }: OpenSession, baseId: string): void {
    const noted = downloads.installed(baseId).catch((thrown) => {
      const error = toAppError(thrown);
      this.#report(error, baseId);
      this.#channel.sendError(error, baseId);
    });
    const earlier = this.#noting;
    this.#noting = noted.then(() => earlier);
  }

  async #rotateKey({ admitted }: OpenSession, message: KeyRotate): Promise<void> {
    if (this.#challenge === null || admitted === null) {
      throw new AppError('protocol/unexpected-message', { detail: 'no key opened this session' });
    }
    const keyId = await this.#challenge.rotateKey(admitted, message);
    this.#channel.send({ type: 'key/rotated', keyId });
  }

  /** Runs a step of an upload: counts a refused update; after a receipt, offers a reply that is waiting. */
  async #counting(open: OpenSession, step: () => Promise<UpdateRecord | null>): Promise<void> {
    try {
      const journaled = await step();
      // What becomes of a fresh update is told when it is known; of a repeated one that may be known already.
      if (journaled !== null && journaled.state !== 'received') await tellNews(open);
    } catch (thrown) {
      const { code } = toAppError(thrown);
      if (code.startsWith('update/') || code === 'task/unknown') {
        this.#host.registry.countRefusal(open.engine.task.id);
      }
      throw thrown;
    }
  }

  async #answering(work: () => Promise<void>): Promise<void> {
    this.#about = null;
    try {
      await work();
    } catch (thrown) {
      const error = toAppError(thrown);
      this.#report(error);
      this.#channel.sendError(error, this.#about);
    }
    // Whoever asks and does not read is read no further either: the inbox fills, and the socket pauses.
    await this.#channel.caughtUp();
  }

  /** Codes, ids and sizes only; never what a frame contained. */
  #report(error: AppError, about = this.#about): void {
    const entry = {
      clientId: this.#open?.clientId,
      code: error.code,
      about,
      detail: error.detail,
    };
    if (isOurFault(error.code)) this.#host.log.error({ ...entry, err: error }, 'request failed');
    else this.#host.log.warn(entry, 'refused');
  }
}

async function tellNews({ downloads, context }: OpenSession): Promise<void> {
  await downloads.offerUninstalled();
  await tellHeld(context);
}

/** Text where data is due is named as such, unless it is a proper message. */
function parseDuring(openUpdateId: string | null, bytes: Buffer): ClientMessage {
  try {
    return parseControlFrame(clientMessageSchema, decodeText(bytes));
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'protocol/bad-message' || openUpdateId === null) throw error;
    throw new AppError('protocol/binary-expected', { detail: error.detail, cause: error });
  }
}

function aboutOf(message: ClientMessage): string {
  if ('updateId' in message) return message.updateId;
  if (message.type === 'global/resume') return message.sha256;
  return 'baseId' in message ? message.baseId : message.type;
}

function welcomeOf(
  { task, state }: TaskEngine,
  { admitted, baseId }: { readonly admitted: Admitted | null; readonly baseId: string | null },
): ServerMessage {
  return {
    type: 'welcome',
    protocol: PROTOCOL_VERSION,
    task,
    globalVersion: state.globalVersion,
    dataChunkBytes: DATA_CHUNK_BYTES,
    baseId,
    security: admitted === null ? 'open-loopback' : 'enrolled',
  };
}
