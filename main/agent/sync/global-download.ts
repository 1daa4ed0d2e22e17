import { rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import type { DataFrame } from '@genba/shared/protocol/data-frame';
import type { GlobalData, GlobalOffer } from '@genba/shared/protocol/messages';
import { toWeights } from '../store/weights-blob.ts';
import { type DownloadContext, frameWish } from './download-context.ts';
import { DOWNLOAD_FOLDERS, PartialDownload } from './partial-download.ts';
import { FRAME_TIME_MS } from './transfer-pace.ts';

/** Global weights that would take longer are not fetched: the link has better things to do, milliseconds. */
const LONGEST_MS = 60_000;

/** What the download needs of its conversation. */
export interface GlobalDownloadContext extends DownloadContext {
  /** The shared model of the newest sync is here. */
  readonly onKept: () => void;
}

/**
 * Fetches the global weights once per sync, for comparison only: whatever else there is to be received comes first, and
 * where it fails or would take long, nothing is lost but one line of a table.
 */
export class GlobalDownload {
  readonly #context: GlobalDownloadContext;
  #running: {
    readonly partial: PartialDownload<GlobalOffer>;
    /** The sync they are compared in. */
    readonly baseId: string;
    transfer: number | null;
  } | null = null;

  constructor(context: GlobalDownloadContext) {
    this.#context = context;
  }

  /**
   * The aggregator tells of its global weights: fetches them where they are wanted.
   * @param isBusy whether weights of more importance are on their way, or were asked for
   */
  offered(offer: GlobalOffer, isBusy: boolean): void {
    const { client } = this.#context;
    const sync = client.lackedShared();
    if (sync === null || isBusy || !this.#isOfThisModel(offer)) return;
    if (client.hasStart(offer.sha256)) {
      // Strategies with rounds send everybody the global weights.
      if (client.keepShared(sync.baseId, offer.globalVersion, null)) this.#context.onKept();
      return;
    }
    if (this.#expectedMs(offer.sizeBytes) > LONGEST_MS) return;
    const partial = new PartialDownload(this.#folder, sync.baseId, offer);
    this.#running = { partial, baseId: sync.baseId, transfer: null };
    if (partial.isComplete) this.#finish();
    else this.#fetch(partial);
  }

  /** Their data frames follow. */
  announced({ sha256, transfer }: GlobalData): void {
    if (this.#running?.partial.offer.sha256 === sha256) this.#running.transfer = transfer;
  }

  /** Takes a data frame, if it is one of theirs. @throws AppError `protocol/offset-mismatch` */
  receive({ transfer, offset, payload }: DataFrame): boolean {
    if (this.#running === null || this.#running.transfer !== transfer) return false;
    const { partial } = this.#running;
    partial.append(offset, payload);
    if (partial.isComplete) this.#finish();
    return true;
  }

  /** Start weights are coming: there will be newer global weights after them. */
  giveWay(): void {
    this.#running = null;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The aggregator cannot send them. @param about of its error @returns whether that was about these */
  failed(about: string | null): boolean {
    if (this.#running === null || this.#running.partial.offer.sha256 !== about) return false;
    this.giveWay();
    return true;
  }

  get #folder(): string {
    return path.join(this.#context.dataFolder, DOWNLOAD_FOLDERS.global);
  }

  #isOfThisModel({ sizeBytes }: GlobalOffer): boolean {
    const task = this.#context.client.task();
    return task !== null && sizeBytes === weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT;
  }

  #expectedMs(sizeBytes: number): number {
    const { pace, limit } = this.#context;
    const onLinkMs = (sizeBytes / pace.frameBytes) * FRAME_TIME_MS;
    return Math.max(onLinkMs, limit.expectedMs(sizeBytes));
  }

  #fetch({ offer: { sha256 }, offset }: PartialDownload<GlobalOffer>): void {
    this.#context.say({ type: 'global/resume', sha256, offset, ...frameWish(this.#context) });
  }

  #finish(): void {
    const { partial, baseId } = this.#running!;
    this.#running = null;
    try {
      const weights = toWeights(partial.bytes());
      if (this.#context.client.keepShared(baseId, partial.offer.globalVersion, weights)) {
        this.#context.onKept();
      }
    } catch (thrown) {
      // What did not come whole is worth no second conversation.
      if (!(thrown instanceof AppError)) throw thrown;
    }
    this.giveWay();
  }
}
