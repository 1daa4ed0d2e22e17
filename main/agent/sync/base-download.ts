import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import type { DataFrame } from '@genba/shared/protocol/data-frame';
import type { ServerMessage, WeightsOffer } from '@genba/shared/protocol/messages';
import type { Outbox } from '../store/outbox.ts';
import { toWeights } from '../store/weights-blob.ts';
import { type DownloadContext, frameWish } from './download-context.ts';
import { DOWNLOAD_FOLDERS, PartialDownload } from './partial-download.ts';

/** What the download needs of its conversation. */
export interface BaseDownloadContext extends DownloadContext {
  readonly outbox: Outbox;
  /** These weights go before everything else that comes in. */
  readonly onBegun: () => void;
  /** They were taken over; `isReply` when they answer an update. */
  readonly onInstalled: (isReply: boolean) => void;
}

/** Fetches the weights this plant is to go on from, and installs them: those it starts with, and each update's reply. */
export class BaseDownload {
  readonly #context: BaseDownloadContext;
  #isFreshRequested = false;
  #running: { readonly partial: PartialDownload<WeightsOffer>; transfer: number | null } | null = null;

  constructor(context: BaseDownloadContext) {
    this.#context = context;
  }

  /** Whether weights are on their way here, or were asked for. */
  get isFetching(): boolean {
    return this.#running !== null || this.#isFreshRequested;
  }

  /** Whether those are weights to start from that answer no update. */
  get isFreshComing(): boolean {
    return this.#isFreshRequested || this.#running?.partial.offer.updateId === null;
  }

  /** Asks for weights to start from, unless they are on their way: each request makes the last one's void. */
  requestFresh(): void {
    if (this.isFreshComing) return;
    this.#isFreshRequested = true;
    this.#context.say({ type: 'weights/request', reason: 'base-refused' });
  }

  /** The aggregator has weights for this plant. @throws AppError when they are not of this plant's model */
  offered(offer: WeightsOffer): void {
    const { client, outbox, say } = this.#context;
    if (offer.baseId === client.base()?.baseId) {
      // Our confirmation was lost on the way.
      say({ type: 'weights/installed', baseId: offer.baseId });
      return;
    }
    if (offer.baseId === this.#running?.partial.offer.baseId) return;
    if (offer.updateId !== null && !outbox.isOutstanding(offer.updateId)) {
      // The answer to an update this PC does not have: one of the two sides was restored from a copy.
      this.requestFresh();
      return;
    }
    this.#requireSize(offer);
    this.#context.onBegun();
    const folder = path.join(this.#context.dataFolder, DOWNLOAD_FOLDERS.base);
    const partial = new PartialDownload(folder, offer.baseId, offer);
    this.#running = { partial, transfer: null };
    if (partial.isComplete) this.#finish();
    else this.#fetch(partial);
  }

  /** Their data frames follow. */
  announced({ baseId, transfer }: Extract<ServerMessage, { type: 'weights/data' }>): void {
    if (this.#running?.partial.offer.baseId === baseId) this.#running.transfer = transfer;
  }

  /** Takes a data frame. @throws AppError `protocol/binary-unexpected`, `protocol/offset-mismatch`, `transfer/digest-mismatch` */
  receive({ transfer, offset, payload }: DataFrame): void {
    // The rest of a download that a newer offer has replaced: the new one has not been announced yet.
    if (this.#running === null || this.#running.transfer === null) return;
    if (this.#running.transfer !== transfer) {
      throw new AppError('protocol/binary-unexpected', { detail: `transfer ${transfer}` });
    }
    const { partial } = this.#running;
    partial.append(offset, payload);
    this.#context.pace.received(partial.offset, Date.now());
    if (partial.isComplete) this.#finish();
  }

  #fetch({ offer: { baseId }, offset }: PartialDownload<WeightsOffer>): void {
    const { pace, say } = this.#context;
    pace.begin('down', baseId, { offset, nowMs: Date.now() });
    say({ type: 'weights/resume', baseId, offset, ...frameWish(this.#context) });
  }

  /** Weights of another model are worth neither their way nor their place on the disk. @throws AppError */
  #requireSize({ baseId, use, sizeBytes }: WeightsOffer): void {
    const task = this.#context.client.task();
    if (task === null)
      throw new AppError('protocol/unexpected-message', { detail: 'weights before welcome' });
    const vectors = use === 'install-and-reference' ? 2 : 1;
    const expected = vectors * weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT;
    if (sizeBytes === expected) return;
    throw new AppError('protocol/bad-message', { detail: `${baseId}: ${sizeBytes} of ${expected} bytes` });
  }

  #finish(): void {
    const { partial } = this.#running!;
    const { offer } = partial;
    this.#running = null;
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
      this.requestFresh();
      return;
    }
    this.#isFreshRequested = false;
    this.#context.say({ type: 'weights/installed', baseId: offer.baseId });
    this.#context.onInstalled(offer.updateId !== null);
  }
}
