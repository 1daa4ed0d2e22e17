import { randomUUID } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { AgentNotice } from '@genba/shared/local-api/messages';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { CAN_CALIBRATE } from '@genba/shared/protocol/capabilities';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import {
  type ClientMessage,
  type ServerMessage,
  serverMessageSchema,
  type WeightsOffer,
} from '@genba/shared/protocol/messages';
import type { WebSocket } from 'ws';
import type { ClientStore } from '../store/client-store.ts';
import type { Outbox, OutstandingUpdate } from '../store/outbox.ts';
import { toWeights } from '../store/weights-blob.ts';
import { PartialDownload } from './partial-download.ts';
import { sendUpload } from './upload.ts';

/** The aggregator was emptied, or restored from a backup older than our base: start from what it has now. */
const LOST_BASE_CODES: ReadonlySet<ErrorCode> = new Set(['update/unknown-base', 'update/future-base']);

/** What a conversation needs of the agent. */
export interface SessionContext {
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly plantName: () => string;
  readonly taskId: () => string | null;
  /** The aggregator accepted this client; called once per conversation. */
  readonly onWelcome: (task: Task) => void;
  /** Something people see has changed: queue or task. */
  readonly onChange: () => void;
  /** The aggregator took an update: what it may have refused before is over. */
  readonly onReceipt: () => void;
  /** Weights of the aggregator were taken over; `isReply` when they answer an update. */
  readonly onInstalled: (isReply: boolean) => void;
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
  #isWelcome = false;
  #isFreshBaseRequested = false;
  /** The update that was offered in this conversation. */
  #offered: OutstandingUpdate | null = null;
  #download: { readonly partial: PartialDownload; transfer: number | null } | null = null;

  constructor(socket: WebSocket, context: SessionContext) {
    this.#socket = socket;
    this.#context = context;
  }

  /** Opens the conversation. */
  start(): void {
    this.#say({
      type: 'hello',
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
      app: `genba-agent/${this.#context.appVersion}`,
      clientId: this.#context.client.clientId,
      plantName: this.#context.plantName(),
      taskId: this.#context.taskId(),
      keyId: null,
      capabilities: [CAN_CALIBRATE],
    });
  }

  /** Whether the aggregator has let this client in. */
  get isEstablished(): boolean {
    return this.#isWelcome;
  }

  /**
   * Handles one frame.
   * @throws AppError when the aggregator breaks the protocol: the caller ends the conversation and starts anew
   */
  receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.#receiveData(data);
    else this.#receiveMessage(parseControlFrame(serverMessageSchema, data.toString('utf8')));
  }

  /** Offers the outstanding update, or a newly frozen one, unless one is already being talked about. */
  offerNext(): void {
    if (!this.#isWelcome || this.#offered !== null || this.#context.client.base() === null) return;
    // On the refused base it would be refused, too.
    if (this.#isFreshBaseComing) return;
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
      encoding: 'float32',
      sizeBytes: update.payload.byteLength,
      sha256: update.sha256,
    });
    this.#context.onChange();
  }

  #say(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #receiveMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'challenge':
        this.#context.onRefusal(new AppError('identity/not-enrolled'), true);
        break;
      case 'key/rotated':
        throw new AppError('protocol/unexpected-message', { detail: message.type });
      case 'welcome':
        this.#onWelcome(message.task);
        break;
      case 'update/resume':
        this.#onResume(message.updateId, message.transfer, message.offset);
        break;
      case 'base/resume':
        this.#onBaseResume(message);
        break;
      case 'update/receipt':
        this.#context.outbox.markReceipted(message.updateId);
        this.#context.onReceipt();
        break;
      case 'weights/offer':
        this.#onWeightsOffer(message);
        break;
      case 'weights/data':
        if (this.#download?.partial.offer.baseId === message.baseId)
          this.#download.transfer = message.transfer;
        break;
      case 'error':
        this.#onError(message);
        break;
    }
  }

  #onWelcome(task: Task): void {
    const known = this.#context.client.task();
    if (known !== null && JSON.stringify(weightLayout(known)) !== JSON.stringify(weightLayout(task))) {
      this.#context.onRefusal(new AppError('task/changed', { detail: task.id }), true);
      return;
    }
    this.#isWelcome = true;
    this.#context.client.saveTask(task);
    this.#context.onWelcome(task);
    if (this.#context.client.base() === null) this.#say({ type: 'weights/request', reason: 'first' });
    else this.offerNext();
  }

  get #isFreshBaseComing(): boolean {
    return this.#isFreshBaseRequested || this.#download?.partial.offer.updateId === null;
  }

  /** Asks for weights to start from, unless they are on their way: each request makes the last one's void. */
  #requestFreshBase(): void {
    if (this.#isFreshBaseComing) return;
    this.#isFreshBaseRequested = true;
    this.#say({ type: 'weights/request', reason: 'base-refused' });
  }

  #onResume(updateId: string, transfer: number, offset: number): void {
    if (this.#offered?.updateId !== updateId)
      throw new AppError('protocol/unexpected-message', { detail: updateId });
    void sendUpload(this.#socket, { transfer, offset, bytes: this.#offered.payload });
  }

  /** The aggregator needs the weights this plant started from before it can take the update. */
  #onBaseResume(asked: Extract<ServerMessage, { type: 'base/resume' }>): void {
    const { baseId, transfer, offset } = asked;
    const bytes = this.#context.client.startBytes(asked);
    if (bytes === null) {
      // It refuses the update then, and the progress goes on from fresh weights.
      this.#say({ type: 'base/missing', baseId });
      return;
    }
    this.#context.onNotice('start-asked');
    void sendUpload(this.#socket, { transfer, offset, bytes });
  }

  #onWeightsOffer(offer: WeightsOffer): void {
    const { client } = this.#context;
    if (offer.baseId === client.base()?.baseId) {
      // Our confirmation was lost on the way.
      this.#say({ type: 'weights/installed', baseId: offer.baseId });
      return;
    }
    if (offer.baseId === this.#download?.partial.offer.baseId) return;
    if (offer.updateId !== null && !this.#context.outbox.isOutstanding(offer.updateId)) {
      // The answer to an update this PC does not have: one of the two sides was restored from a copy.
      this.#requestFreshBase();
      return;
    }
    const partial = new PartialDownload(this.#context.dataFolder, offer);
    this.#download = { partial, transfer: null };
    if (partial.isComplete) this.#finishDownload();
    else this.#say({ type: 'weights/resume', baseId: offer.baseId, offset: partial.offset });
  }

  #receiveData(data: Buffer): void {
    const frame = decodeDataFrame(data);
    // The rest of a download that a newer offer has replaced: the new one has not been announced yet.
    if (this.#download === null || this.#download.transfer === null) return;
    if (this.#download.transfer !== frame.transfer) {
      throw new AppError('protocol/binary-unexpected', { detail: `transfer ${frame.transfer}` });
    }
    this.#download.partial.append(frame.offset, frame.payload);
    if (this.#download.partial.isComplete) this.#finishDownload();
  }

  #finishDownload(): void {
    const { partial } = this.#download!;
    const { offer } = partial;
    this.#download = null;
    const isInstalled = this.#context.client.install({
      baseId: offer.baseId,
      globalVersion: offer.globalVersion,
      staleness: offer.staleness,
      updateId: offer.updateId,
      use: offer.use,
      mixingWeight: offer.mixingWeight,
      weights: toWeights(partial.bytes()),
    });
    partial.discard();
    if (!isInstalled) {
      this.#requestFreshBase();
      return;
    }
    this.#isFreshBaseRequested = false;
    this.#say({ type: 'weights/installed', baseId: offer.baseId });
    this.#offered = null;
    this.#context.onInstalled(offer.updateId !== null);
    this.offerNext();
  }

  #onError(message: Extract<ServerMessage, { type: 'error' }>): void {
    const error = new AppError(message.code, { detail: message.detail ?? undefined });
    const isAboutUpdate = this.#offered !== null && message.about === this.#offered.updateId;
    if (isAboutUpdate && !message.retry) {
      this.#onUpdateRefused(error);
      return;
    }
    if (error.code === 'update/offer-again') this.#context.onNotice('update-asked');
    if (error.code === 'server/low-space') this.#context.onNotice('server-full');
    // Everything else ends this conversation: after a pause the next one starts from what is stored.
    this.#context.onRefusal(error, !message.retry);
  }

  #onUpdateRefused(error: AppError): void {
    const { outbox } = this.#context;
    const { updateId } = this.#offered!;
    this.#offered = null;
    if (LOST_BASE_CODES.has(error.code)) {
      outbox.requeueOnNewBase(updateId, error.code, randomUUID());
      this.#context.onNotice('restarted');
      this.#requestFreshBase();
    } else {
      outbox.markRefused(updateId, error.code);
      this.#context.onRefusal(error, false);
      this.offerNext();
    }
    this.#context.onChange();
  }
}
