import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { DATA_CHUNK_BYTES, PROTOCOL_VERSION, REPLY_DEADLINE_MS } from '@genba/shared/protocol/limits';
import { type ClientMessage, clientMessageSchema } from '@genba/shared/protocol/messages';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { UpdateRecord } from '../store/catalogue.ts';
import type { Store } from '../store/open-store.ts';
import type { Retention } from '../store/retention.ts';
import { Channel, isOurFault } from './channel.ts';
import { DownloadDesk } from './download-desk.ts';
import { decodeText } from './frame-text.ts';
import { findEngine, type Hello, readHello, requireCapabilities } from './handshake.ts';
import { tellHeld } from './held-notice.ts';
import { Inbox } from './inbox.ts';
import { type SessionContext, TransferNumbers } from './session-context.ts';
import type { RegisteredSession, SessionRegistry } from './session-registry.ts';
import { UploadDesk } from './upload-desk.ts';

/** WebSocket close codes the server uses (RFC 6455, section 7.4.1). */
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_REFUSED = 1008;

/** How long a peer may take to answer a close before its socket is cut, milliseconds. */
const CLOSE_GRACE_MS = 2000;

/** What a session needs from the gateway. */
export interface SessionHost {
  readonly engines: ReadonlyMap<string, TaskEngine>;
  readonly store: Pick<Store, 'catalogue' | 'screening' | 'weights' | 'parts'>;
  readonly retention: Pick<Retention, 'usage'>;
  readonly registry: SessionRegistry;
  readonly log: Logger;
}

/** The two sides of an open session, after its handshake. */
interface OpenSession {
  readonly engine: TaskEngine;
  readonly clientId: string;
  readonly uploads: UploadDesk;
  readonly downloads: DownloadDesk;
  readonly context: SessionContext;
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
  readonly #helloDeadline: NodeJS.Timeout;
  /** null until welcome. A challenge and its proof will stand between hello and welcome. */
  #open: OpenSession | null = null;
  #ending: Promise<void> | null = null;
  /** What the frame in hand is about, for its error frame. */
  #about: string | null = null;
  #wasHeard = true;

  constructor(socket: WebSocket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#channel = new Channel(socket);
    this.#inbox = new Inbox(socket);
    this.#helloDeadline = setTimeout(() => {
      this.#refuseHandshake(new AppError('protocol/hello-expected', { detail: 'no hello in time' }));
    }, REPLY_DEADLINE_MS);
    socket.on('message', (data, isBinary) => this.#onFrame(data, isBinary));
    socket.on('pong', () => {
      this.#wasHeard = true;
    });
    // Broken frames and frames beyond the hard limit: ws closes the connection with the proper code by itself.
    socket.on('error', (error) => host.log.info({ message: error.message }, 'connection failed'));
    socket.on('close', () => void this.end());
  }

  /** Pings the peer; cuts the connection of one that has not been heard since the last call. */
  checkAlive(): void {
    if (!this.#wasHeard && !this.#inbox.isFull) {
      this.#socket.terminate();
      return;
    }
    this.#wasHeard = false;
    this.#socket.ping();
  }

  /** See {@link RegisteredSession.tellNews}; after whatever is being handled. */
  tellNews(): void {
    this.#inbox.add(0, () =>
      this.#answering(async () => {
        if (this.#open !== null) await tellNews(this.#open);
      }),
    );
  }

  /** Says that the client must offer an update again or will get no answer to it, after whatever is being handled. */
  recall(updateId: string, error: AppError): void {
    this.#inbox.add(0, async () => this.#channel.sendError(error, updateId));
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
    clearTimeout(this.#helloDeadline);
    if (farewell) {
      if (farewell.error) this.#channel.sendError(new AppError(farewell.error), null);
      // A paused socket would never see the peer's close.
      this.#socket.resume();
      this.#socket.close(farewell.closeCode, farewell.error);
      setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
    }
    await this.#inbox.close();
    const open = this.#open;
    if (open === null) return;
    await open.downloads.close();
    await open.uploads.close().catch((thrown) => this.#report(toAppError(thrown)));
    this.#host.registry.release(open.engine.task.id, open.clientId, this);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    this.#wasHeard = true;
    // With the default binaryType, ws hands over one Buffer per message.
    const bytes = data as Buffer;
    this.#inbox.add(bytes.byteLength, () => {
      if (this.#open === null) return this.#onFirstFrame(bytes, isBinary);
      const open = this.#open;
      return this.#answering(() => (isBinary ? this.#onData(open, bytes) : this.#onControl(open, bytes)));
    });
  }

  async #onFirstFrame(bytes: Buffer, isBinary: boolean): Promise<void> {
    try {
      if (isBinary) throw new AppError('protocol/hello-expected');
      await this.#welcome(readHello(bytes));
    } catch (thrown) {
      this.#refuseHandshake(toAppError(thrown));
    }
  }

  /** Not awaited: the end of a session waits for the frame in hand. */
  #refuseHandshake(error: AppError): void {
    if (this.#ending !== null) return;
    this.#report(error);
    this.#channel.sendError(error, 'hello');
    void this.end({ closeCode: CLOSE_REFUSED });
  }

  async #welcome(hello: Hello): Promise<void> {
    const { registry, store, engines } = this.#host;
    const { clientId, plantName } = hello;
    const engine = findEngine(engines, hello.taskId);
    requireCapabilities(hello, engine.task);
    const taskId = engine.task.id;
    clearTimeout(this.#helloDeadline);
    await registry.claim(taskId, clientId, this);
    const log = this.#host.log.child({ taskId, clientId });
    const context = { clientId, engine, store, channel: this.#channel, log };
    const numbers = new TransferNumbers();
    const uploads = new UploadDesk(context, numbers);
    const downloads = new DownloadDesk(context, numbers);
    // From here on, ending this session also releases its claim.
    const open = { engine, clientId, uploads, downloads, context };
    this.#open = open;
    if (this.#ending !== null) return;
    const seenAt = new Date().toISOString();
    const client = await store.catalogue.seeClient({ taskId, clientId, plantName, seenAt });
    this.#channel.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      task: engine.task,
      globalVersion: engine.state.globalVersion,
      dataChunkBytes: DATA_CHUNK_BYTES,
      baseId: client.base?.baseId ?? null,
      security: 'open-loopback',
    });
    log.info({ app: hello.app }, 'client connected');
    await tellNews(open);
  }

  async #onData(open: OpenSession, bytes: Buffer): Promise<void> {
    this.#about = open.uploads.openUpdateId;
    await this.#counting(open, () => open.uploads.data(bytes));
  }

  async #onControl(open: OpenSession, bytes: Buffer): Promise<void> {
    const { uploads, downloads } = open;
    const message = parseDuring(uploads.openUpdateId, bytes);
    this.#about = aboutOf(message);
    switch (message.type) {
      case 'hello':
      case 'proof':
      case 'enrol':
      case 'key/rotate':
        throw new AppError('protocol/unexpected-message', { detail: `${message.type} on an open session` });
      case 'update/offer':
        return this.#counting(open, () => uploads.offer(message));
      case 'base/missing':
        this.#about = uploads.openUpdateId ?? message.baseId;
        return this.#counting(open, () => uploads.baseMissing(message.baseId));
      case 'weights/request':
        return downloads.request(message.reason);
      case 'weights/resume':
        return downloads.resume(message);
      case 'weights/installed':
        return downloads.installed(message.baseId);
    }
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
  }

  /** Codes, ids and sizes only; never what a frame contained. */
  #report(error: AppError): void {
    const entry = {
      clientId: this.#open?.clientId,
      code: error.code,
      about: this.#about,
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
  return 'baseId' in message ? message.baseId : message.type;
}
