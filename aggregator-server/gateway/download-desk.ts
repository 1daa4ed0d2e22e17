import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import type { GlobalResume, ServerMessage, WeightsResume } from '@genba/shared/protocol/messages';
import type { BaseRecord, ClientRecord } from '../store/catalogue.ts';
import type { WeightReader } from '../store/weight-store.ts';
import { FramesAhead } from './frames-ahead.ts';
import type { SessionContext, TransferNumbers } from './session-context.ts';

interface Download {
  /** null: of the global weights. */
  readonly baseId: string | null;
  readonly cancelled: AbortController;
  readonly done: Promise<void>;
}

/** The announcement of data frames, before it has a number. */
type Announced = ServerMessage extends infer Message
  ? Message extends { type: 'weights/data' | 'global/data' }
    ? Omit<Message, 'transfer' | 'offset'>
    : never
  : never;

/** Hands start weights out, and the global weights, one download at a time. Its methods run one after the other (see Inbox). */
export class DownloadDesk {
  readonly #context: SessionContext;
  readonly #numbers: TransferNumbers;
  #download: Download | null = null;
  /** Digest of the global weights that were offered on this session. */
  #offeredGlobal: string | null = null;

  constructor(context: SessionContext, numbers: TransferNumbers) {
    this.#context = context;
    this.#numbers = numbers;
  }

  /** Offers the client's current base if it has not installed it yet; called whenever that may be news. */
  async offerUninstalled(): Promise<void> {
    const base = await this.#currentBase();
    if (base !== null && base.installedAt === null) this.offerFresh(base);
  }

  /** Offers a base that was issued to the client and that it cannot have installed. */
  offerFresh(base: BaseRecord): void {
    if (this.#download?.baseId !== base.baseId) this.#offer(base);
  }

  /**
   * Answers a client without a base. A first request gets what was already issued and never installed, so that a
   * cut between the two leaves nothing behind; anything else gets fresh weights.
   */
  async request(reason: 'first' | 'base-refused'): Promise<void> {
    const { engine, clientId } = this.#context;
    const current = await this.#currentBase();
    const isOutstanding = reason === 'first' && current !== null && current.installedAt === null;
    this.#offer(isOutstanding ? current : await engine.join(clientId));
  }

  /**
   * Starts to send weights from an offset; a download in progress is cancelled first.
   * @throws AppError `protocol/unexpected-message` (not the client's current base, or installed), `protocol/offset-mismatch`
   *   (beyond the end), `store/damaged`, `server/storage`
   */
  async resume({ baseId, offset, frameBytes = DATA_CHUNK_BYTES }: WeightsResume): Promise<void> {
    const client = await this.#client();
    const base = client?.base;
    if (base?.baseId !== baseId) throw notCurrent();
    const sizeBytes = this.#sizeBytes(base);
    if (offset > sizeBytes) {
      throw new AppError('protocol/offset-mismatch', { detail: `offset ${offset} of ${sizeBytes}` });
    }
    // Its weights may be gone: they are kept until they are installed.
    if (base.installedAt !== null) throw notCurrent();
    await this.close();
    const reader = client?.isBaseEvicted ? null : await this.#open(base.weightsDigest);
    if (reader === null) return this.#replace(base);
    this.#start(
      reader,
      { offset, frameBytes },
      { baseId, about: baseId, name: { type: 'weights/data', baseId } },
    );
  }

  /** Offers the global weights as they are now, to a client that wants to be told. */
  offerGlobal(): void {
    const { globalVersion, vectors } = this.#context.engine.state;
    this.#offeredGlobal = vectors.globalWeights;
    const sizeBytes = this.#vectorBytes;
    this.#context.channel.send({
      type: 'global/offer',
      globalVersion,
      sizeBytes,
      sha256: vectors.globalWeights,
    });
  }

  /**
   * Starts to send the global weights from an offset. Start weights come first: their download cancels this one, and is
   * not cancelled by it. Where those offered are not kept any more, the present ones are offered.
   * @throws AppError `protocol/unexpected-message` (not what was offered on this session, or start weights are on their
   *   way), `protocol/offset-mismatch`, `store/damaged`, `server/storage`
   */
  async resumeGlobal({ sha256, offset, frameBytes = DATA_CHUNK_BYTES }: GlobalResume): Promise<void> {
    if (sha256 !== this.#offeredGlobal) {
      throw new AppError('protocol/unexpected-message', {
        detail: 'not the global weights that were offered',
      });
    }
    if (offset > this.#vectorBytes) {
      throw new AppError('protocol/offset-mismatch', { detail: `offset ${offset} of ${this.#vectorBytes}` });
    }
    if (this.#download !== null && this.#download.baseId !== null) {
      throw new AppError('protocol/unexpected-message', { detail: 'start weights are on their way' });
    }
    await this.close();
    const reader = await this.#open(sha256);
    if (reader !== null) {
      this.#start(
        reader,
        { offset, frameBytes },
        { baseId: null, about: sha256, name: { type: 'global/data', sha256 } },
      );
    } else if (this.#context.engine.state.vectors.globalWeights === sha256) {
      throw new AppError('store/damaged', { detail: sha256 });
    } else this.offerGlobal();
  }

  #start(
    reader: WeightReader,
    from: { offset: number; frameBytes: number },
    what: { baseId: string | null; about: string; name: Announced },
  ): void {
    const cancelled = new AbortController();
    const done = this.#send(reader, what.name, { ...from, signal: cancelled.signal })
      .catch((thrown) => this.#fail(thrown, what.about))
      .finally(() => {
        if (this.#download?.cancelled === cancelled) this.#download = null;
      });
    this.#download = { baseId: what.baseId, cancelled, done };
  }

  /** Remembers that the client works from these weights. @throws AppError `protocol/unexpected-message` */
  async installed(baseId: string): Promise<void> {
    const { engine, clientId } = this.#context;
    if (!(await engine.markInstalled({ baseId, clientId }))) throw notCurrent();
    // It has all of them, while here their file may still be being closed: what it asks for next need not wait.
    if (this.#download?.baseId === baseId) await this.close();
  }

  /** Cancels the download in progress; resolves when nothing is read or sent any more. */
  async close(): Promise<void> {
    this.#download?.cancelled.abort();
    await this.#download?.done;
  }

  #sizeBytes({ use }: BaseRecord): number {
    const vectors = use === 'install-and-reference' ? 2 : 1;
    return vectors * this.#vectorBytes;
  }

  get #vectorBytes(): number {
    return this.#context.engine.layout.size * Float32Array.BYTES_PER_ELEMENT;
  }

  #client(): Promise<ClientRecord | null> {
    const { store, engine, clientId } = this.#context;
    return store.catalogue.findClient(engine.task.id, clientId);
  }

  async #currentBase(): Promise<BaseRecord | null> {
    return (await this.#client())?.base ?? null;
  }

  /** Null when the file is gone. */
  async #open(digest: string): Promise<WeightReader | null> {
    try {
      return await this.#context.store.weights.open(digest);
    } catch (thrown) {
      if (toAppError(thrown).code !== 'store/damaged') throw thrown;
      return null;
    }
  }

  /** Offers the global weights instead of weights that are gone before this client had them. */
  async #replace({ baseId }: BaseRecord): Promise<void> {
    const { engine, clientId, log } = this.#context;
    log.warn({ baseId }, 'weights are gone before they were fetched: the client gets the global weights');
    this.#offer(await engine.reissue({ clientId, baseId }));
  }

  #offer(base: BaseRecord): void {
    this.#context.channel.send({
      type: 'weights/offer',
      baseId: base.baseId,
      globalVersion: base.version,
      use: base.use,
      updateId: base.updateId,
      encoding: 'float32',
      sizeBytes: this.#sizeBytes(base),
      sha256: base.weightsDigest,
      staleness: base.staleness,
      mixingWeight: base.mixingWeight,
      calibration: [...base.calibration],
    });
  }

  async #send(
    reader: WeightReader,
    name: Announced,
    from: { offset: number; frameBytes: number; signal: AbortSignal },
  ): Promise<void> {
    const { channel } = this.#context;
    const { offset, signal } = from;
    const frameBytes = Math.min(from.frameBytes, channel.frameBytes);
    const transfer = this.#numbers.next();
    channel.send({ ...name, transfer, offset });
    // A peer that reads no more must not hold a cancelled download.
    const cancelled = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const frames = new FramesAhead(reader, { transfer, offset, frameBytes });
    try {
      for (let frame = await frames.next(); frame !== null; frame = await frames.next()) {
        if (signal.aborted) return;
        const sending = frame;
        const sent = channel.sendData(sending.bytes, () => frames.giveBack(sending));
        await Promise.race([sent, cancelled]);
      }
    } finally {
      await frames.close();
    }
  }

  #fail(thrown: unknown, about: string): void {
    const error = toAppError(thrown);
    this.#context.log.error({ about, code: error.code, message: error.message }, 'download failed');
    this.#context.channel.sendError(error, about);
  }
}

function notCurrent(): AppError {
  return new AppError('protocol/unexpected-message', {
    detail: 'not the base last issued to this client, or installed already',
  });
}
