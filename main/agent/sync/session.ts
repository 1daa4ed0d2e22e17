import { randomUUID } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import type { Conversation } from '@genba/shared/identity/statements';
import type { SecurityMode } from '@genba/shared/identity/wire-types';
import type { AgentNotice } from '@genba/shared/local-api/messages';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { AGENT_CAPABILITIES, WANTS_GLOBAL } from '@genba/shared/protocol/capabilities';
import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import type { ClientMessage, ServerMessage } from '@genba/shared/protocol/messages';
import { parseServerMessage } from '@genba/shared/protocol/server-message';
import type { WebSocket } from 'ws';
import { proofMessage, rotateMessage } from '../identity/answers.ts';
import type { DeviceKey } from '../identity/device-key.ts';
import type { DeviceStore } from '../identity/device-store.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { Delivery, Ledger } from '../store/ledger.ts';
import { LOST_BASE_CODES, type Outbox, type OutstandingUpdate } from '../store/outbox.ts';
import { BaseDownload } from './base-download.ts';
import { GlobalDownload } from './global-download.ts';
import type { RateLimit } from './rate-limit.ts';
import { serverOf } from './target.ts';
import type { TransferPace } from './transfer-pace.ts';
import { sendUpload, type Upload } from './upload.ts';

/** What an aggregator may say to a plant that it has not let in yet. */
const BEFORE_WELCOME: ReadonlySet<ServerMessage['type']> = new Set(['challenge', 'welcome', 'error']);

/** Who this end is on one encrypted connection. */
export interface SessionIdentity {
  readonly key: DeviceKey;
  readonly taskId: string;
  /** See `CHANNEL_LABEL`. */
  readonly channel: Uint8Array;
}

/** How fast each direction may be. */
export interface SyncLimits {
  readonly upload: RateLimit;
  readonly download: RateLimit;
}

/** What a conversation needs of the agent. */
export interface SessionContext {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly dataFolder: string;
  readonly appVersion: string;
  /** What is known of the link from the connections before. */
  readonly pace: TransferPace;
  readonly limits: SyncLimits;
  /** The link carries something, though nothing may have come. */
  readonly onSignOfLife: () => void;
  readonly plantName: () => string;
  readonly taskId: () => string | null;
  /** What the aggregator's clock says, ISO 8601. */
  readonly onServerTime: (serverTime: string) => void;
  /** The next connection is to be opened at once, with another key than this one. */
  readonly onKeyChange: () => void;
  /** The aggregator accepted this client; called once per conversation. */
  readonly onWelcome: (task: Task) => void;
  /** Something people see has changed: queue or task. */
  readonly onChange: () => void;
  /** The aggregator took an update: what it may have refused before is over. */
  readonly onReceipt: () => void;
  /** Weights of the aggregator were taken over; `isReply` when they answer an update. */
  readonly onInstalled: (isReply: boolean) => void;
  /** The shared model of the newest sync was fetched, too, to be compared. */
  readonly onSharedModel: () => void;
  /** The aggregator asks for something out of the ordinary, which this conversation sees to. */
  readonly onNotice: (notice: AgentNotice) => void;
  /** The aggregator refused something; `isFatal` when nothing more can come of this connection. */
  readonly onRefusal: (error: AppError, isFatal: boolean) => void;
}

/**
 * One conversation with the aggregator, from hello to the end of its socket. It holds nothing that the store does
 * not: a new conversation starts from the store alone, so it may break off anywhere.
 */
export class SyncSession {
  readonly #socket: WebSocket;
  readonly #context: SessionContext;
  readonly #identity: SessionIdentity | null;
  /** What is signed on this connection; null before the challenge. */
  #conversation: Conversation | null = null;
  #announced: DeviceKey | null = null;
  #isWelcome = false;
  /** The update that was offered in this conversation. */
  #offered: OutstandingUpdate | null = null;
  readonly #base: BaseDownload;
  readonly #global: GlobalDownload;

  /** @param identity null where nothing is encrypted and nobody has to show who he is: on this computer */
  constructor(socket: WebSocket, context: SessionContext, identity: SessionIdentity | null) {
    this.#socket = socket;
    this.#context = context;
    this.#identity = identity;
    const { dataFolder, client, outbox, pace, limits, onSharedModel: onKept } = context;
    const say = (message: ClientMessage) => this.#say(message);
    const download = { dataFolder, client, pace, limit: limits.download, say };
    this.#global = new GlobalDownload({ ...download, onKept });
    this.#base = new BaseDownload({
      ...download,
      outbox,
      onBegun: () => this.#global.giveWay(),
      onInstalled: (isReply) => this.#onInstalled(isReply),
    });
  }

  /** Opens the conversation. */
  start(): void {
    this.#say({
      type: 'hello',
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
      app: `genba-agent/${this.#context.appVersion}`,
      clientId: this.#context.client.clientId,
      plantName: this.#context.plantName(),
      taskId: this.#identity?.taskId ?? this.#context.taskId(),
      keyId: this.#identity?.key.keyId ?? null,
      capabilities: [...AGENT_CAPABILITIES, WANTS_GLOBAL],
    });
  }

  /** Whether the aggregator has let this client in. */
  get isEstablished(): boolean {
    return this.#isWelcome;
  }

  /** Whether weights are on their way here, or were asked for. */
  get isFetching(): boolean {
    return this.#base.isFetching;
  }

  /**
   * Handles one frame.
   * @throws AppError when the aggregator breaks the protocol, or has a task that only a newer program knows: the caller
   *   ends the conversation and starts anew
   */
  receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.#receiveData(data);
    else this.#receiveMessage(parseServerMessage(data.toString('utf8')));
  }

  /** Offers the outstanding update, or a newly frozen one, unless one is already being talked about. */
  offerNext(): void {
    if (!this.#isWelcome || this.#offered !== null || this.#context.client.base() === null) return;
    // What is frozen now could not be sent, and would take in no further rounds.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // On the refused base it would be refused, too.
    if (this.#base.isFreshComing) return;
    const update = this.#context.outbox.next();
    if (update === null) return;
    const task = this.#context.client.task()!;
    this.#offered = update;
    this.#say({
      type: 'update/offer',
      updateId: update.updateId,
      taskId: task.id,
      baseId: update.baseId,
      baseVersion: update.baseVersion,
      ...update.report,
      encoding: update.encoding,
      sizeBytes: update.payload.byteLength,
      sha256: update.sha256,
      ...(update.weightsSha256 === null ? {} : { weightsSha256: update.weightsSha256 }),
    });
    this.#context.onChange();
  }

  #say(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #receiveMessage(message: ServerMessage): void {
    if (!this.#isWelcome && !BEFORE_WELCOME.has(message.type)) {
      throw new AppError('protocol/unexpected-message', { detail: `${message.type} before welcome` });
    }
    switch (message.type) {
      case 'challenge':
        this.#onChallenge(message);
        break;
      case 'key/rotated':
        this.#onKeyRotated(message.keyId);
        break;
      case 'welcome':
        this.#onWelcome(message);
        break;
      case 'update/resume':
        this.#onResume(message.updateId, message.transfer, message.offset);
        break;
      case 'base/resume':
        this.#onBaseResume(message);
        break;
      case 'update/receipt':
        this.#context.pace.delivered(this.#offered?.payload.byteLength ?? 0, Date.now());
        this.#context.outbox.markReceipted(message.updateId);
        this.#context.onReceipt();
        break;
      case 'update/held':
        this.#context.outbox.markHeld(message.updateId, message.reason);
        this.#context.onChange();
        break;
      case 'weights/offer':
        this.#base.offered(message);
        break;
      case 'weights/data':
        this.#base.announced(message);
        break;
      case 'global/offer':
        this.#global.offered(message, this.isFetching);
        break;
      case 'global/data':
        this.#global.announced(message);
        break;
      case 'error':
        this.#onError(message);
        break;
    }
  }

  #onChallenge({ nonce, serverTime }: Extract<ServerMessage, { type: 'challenge' }>): void {
    if (this.#identity === null) {
      this.#context.onRefusal(new AppError('identity/not-enrolled'), true);
      return;
    }
    if (this.#conversation !== null) {
      throw new AppError('protocol/unexpected-message', { detail: 'a second challenge' });
    }
    this.#context.onServerTime(serverTime);
    const { key, taskId, channel } = this.#identity;
    const { clientId } = this.#context.client;
    this.#conversation = { channel, nonce: Buffer.from(nonce, 'base64url'), clientId, taskId };
    this.#say(proofMessage(this.#conversation, key));
  }

  /** Whoever has enrolled goes on only with an aggregator that has asked who this is. */
  #refusalOf(security: SecurityMode): AppError | null {
    if (this.#identity === null) {
      return security === 'open-loopback' ? null : new AppError('identity/not-enrolled');
    }
    if (security === 'enrolled' && this.#conversation !== null) return null;
    return new AppError('tls/required', { detail: `welcome without proof, ${security}` });
  }

  /** Tells the aggregator of the key that is to follow the one in use, where there is one. */
  announceKey(): void {
    if (!this.#isWelcome || this.#identity === null || this.#announced !== null) return;
    const next = this.#context.device.keyToAnnounce();
    if (next === null) return;
    this.#announced = next;
    this.#say(rotateMessage(this.#conversation!, { current: this.#identity.key, next }));
  }

  #onKeyRotated(keyId: string): void {
    if (this.#announced?.keyId !== keyId) {
      throw new AppError('protocol/unexpected-message', { detail: 'key/rotated' });
    }
    this.#context.device.markAccepted(keyId);
    this.#context.onKeyChange();
  }

  #onWelcome({ task, security }: Extract<ServerMessage, { type: 'welcome' }>): void {
    const refusal = this.#refusalOf(security);
    if (refusal !== null) {
      this.#context.onRefusal(refusal, true);
      return;
    }
    if (this.#identity !== null) this.#context.device.markProven(this.#identity.key.keyId);
    const known = this.#context.client.task();
    if (known !== null && JSON.stringify(weightLayout(known)) !== JSON.stringify(weightLayout(task))) {
      this.#context.onRefusal(new AppError('task/changed', { detail: task.id }), true);
      return;
    }
    this.#isWelcome = true;
    this.#context.client.saveTask(task);
    this.#context.onWelcome(task);
    this.announceKey();
    if (this.#context.client.base() === null) this.#say({ type: 'weights/request', reason: 'first' });
    else this.offerNext();
  }

  #onResume(updateId: string, transfer: number, offset: number): void {
    if (this.#offered?.updateId !== updateId)
      throw new AppError('protocol/unexpected-message', { detail: updateId });
    this.#send({ id: updateId, transfer, offset, bytes: this.#offered.payload }, 'update');
  }

  /** Sends bytes of the offered update, or of what it builds on, and enters that they leave this PC. */
  #send(
    range: Omit<Upload, 'delivery' | 'frameBytes' | 'limit' | 'onTaken'> & { readonly id: string },
    content: Delivery['content'],
  ): void {
    const plannedBytes = range.bytes.byteLength - range.offset;
    if (plannedBytes <= 0) return;
    const delivery = this.#context.ledger.begin({
      channel: 'network',
      peer: serverOf(this.#socket.url),
      taskId: this.#context.client.task()!.id,
      updateId: this.#offered!.updateId,
      content,
      firstByte: range.offset,
      plannedBytes,
    });
    const { pace, limits, onSignOfLife: onTaken } = this.#context;
    const frameBytes = Math.min(pace.frameBytes, limits.upload.frameBytes);
    pace.begin('up', range.id, { offset: range.offset, nowMs: Date.now() });
    void sendUpload(this.#socket, { ...range, frameBytes, limit: limits.upload, delivery, onTaken });
  }

  /** The aggregator needs the weights this plant started from before it can take the update. */
  #onBaseResume(asked: Extract<ServerMessage, { type: 'base/resume' }>): void {
    const { baseId, transfer, offset } = asked;
    const bytes = this.#offered === null ? null : this.#context.client.startBytes(asked);
    if (bytes === null) {
      // It refuses the update then, and the progress goes on from fresh weights.
      this.#say({ type: 'base/missing', baseId });
      return;
    }
    this.#context.onNotice('start-asked');
    this.#send({ id: baseId, transfer, offset, bytes }, 'start-weights');
  }

  #receiveData(data: Buffer): void {
    const frame = decodeDataFrame(data);
    if (!this.#global.receive(frame)) this.#base.receive(frame);
  }

  #onInstalled(isReply: boolean): void {
    this.#offered = null;
    this.#context.onInstalled(isReply);
    this.offerNext();
  }

  #onError(message: Extract<ServerMessage, { type: 'error' }>): void {
    if (this.#global.failed(message.about)) return;
    const error = new AppError(message.code, { detail: message.detail ?? undefined });
    if (message.about === 'key/rotate') {
      // The key in use is as good as before: a new next one is made when it is time again.
      this.#context.device.dropNextKey();
      this.#context.onRefusal(error, false);
      return;
    }
    if (error.code === 'identity/unknown-key' && this.#isKeyUnproven) {
      this.#context.device.markForgotten(this.#identity!.key.keyId);
      this.#socket.close();
      return;
    }
    const isAboutUpdate = this.#offered !== null && message.about === this.#offered.updateId;
    // Only `update/…` judges the update. That a frame of it did not arrive as it was sent, or that something broke over
    // there, says nothing about it: it is offered again.
    if (isAboutUpdate && !message.retry && error.code.startsWith('update/')) {
      this.#onUpdateRefused(error);
      return;
    }
    if (error.code === 'update/offer-again') this.#context.onNotice('update-asked');
    if (error.code === 'server/low-space') this.#context.onNotice('server-full');
    // Everything else ends this conversation: after a pause the next one starts from what is stored.
    this.#context.onRefusal(error, !message.retry);
  }

  /** Whether this connection is the first one with a new key, and the old one can still be gone back to. */
  get #isKeyUnproven(): boolean {
    const { next } = this.#context.device.keyRecords();
    return next !== null && next.keyId === this.#identity?.key.keyId;
  }

  #onUpdateRefused(error: AppError): void {
    const { outbox } = this.#context;
    const { updateId, encoding } = this.#offered!;
    this.#offered = null;
    if (error.code === 'update/encoding-refused' && encoding !== 'float32') {
      outbox.sendInFull(updateId);
      this.offerNext();
    } else if (LOST_BASE_CODES.has(error.code)) {
      outbox.requeueOnNewBase(updateId, error.code, randomUUID());
      this.#context.onNotice('restarted');
      this.#base.requestFresh();
    } else {
      outbox.markRefused(updateId, error.code);
      this.#context.onRefusal(error, false);
      this.offerNext();
    }
    this.#context.onChange();
  }
}
