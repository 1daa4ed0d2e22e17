import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import type { UpdateOffer } from '@genba/shared/protocol/messages';
import type { BaseRecord, ClientRecord, UpdateRecord } from '../store/catalogue.ts';
import { requireStart } from '../store/decoded-update.ts';
import type { PartContent, PartFile } from '../store/part-file.ts';
import type { CompleteUpload } from '../store/prove-upload.ts';
import { discardStaged, type StagedVector } from '../store/vector-files.ts';
import { checkOffer } from './offer-checks.ts';
import type { SessionContext, TransferNumbers } from './session-context.ts';

interface Upload {
  readonly offer: UpdateOffer;
  readonly part: PartFile;
  /** Number the data frames must carry. */
  readonly transfer: number;
  /** Set while not the update itself is on its way, but the start weights it builds on. */
  readonly base: BaseRecord | null;
  /** Who sends it, as of its offer; null where that is not known, or {@link base} is what is sent. */
  readonly client: ClientRecord | null;
}

/** Takes updates in, one at a time, and before one its start weights where the server has let go of them. Its methods run one after the other (see Inbox). */
export class UploadDesk {
  readonly #context: SessionContext;
  readonly #numbers: TransferNumbers;
  #upload: Upload | null = null;

  constructor(context: SessionContext, numbers: TransferNumbers) {
    this.#context = context;
    this.#numbers = numbers;
  }

  /** Id of the update whose data, or whose start weights, are due; null between uploads. */
  get openUpdateId(): string | null {
    return this.#upload?.offer.updateId ?? null;
  }

  /**
   * Answers an offer with a receipt (known, or complete on disk) or with the position to send from.
   * @returns the journaled update when a receipt was given
   * @throws AppError codes of {@link checkOffer}, `update/encoding-refused`, `protocol/unexpected-message` while another update is open, and
   *   those of {@link data}
   */
  async offer(offer: UpdateOffer): Promise<UpdateRecord | null> {
    await this.#makeRoomFor(offer);
    return this.#answer(offer);
  }

  /** The client does not have the start weights it was asked for. @throws AppError `update/unknown-base`, or unexpected */
  async baseMissing(baseId: string): Promise<null> {
    const upload = this.#upload;
    if (upload?.base?.baseId !== baseId) {
      throw new AppError('protocol/unexpected-message', { detail: 'these start weights were not asked for' });
    }
    this.#upload = null;
    await upload.part.drop();
    throw startLost('the client does not have its start weights any more');
  }

  async #answer(offer: UpdateOffer): Promise<UpdateRecord | null> {
    const { clientId, engine, store } = this.#context;
    const verdict = await checkOffer(offer, { clientId, engine, catalogue: store.catalogue });
    if (verdict.kind === 'known') return this.#receipt(verdict.update);
    if (verdict.kind === 'send-start') return this.#receive(offer, { base: verdict.base, client: null });
    if (offer.encoding !== 'float32')
      await requireStart(store.weights.folder, await this.#startDigest(offer));
    return this.#receive(offer, { base: null, client: verdict.client });
  }

  /** Begins or continues a transfer: of the update, or first of the start weights it builds on. */
  async #receive(
    offer: UpdateOffer,
    { base, client }: Pick<Upload, 'base' | 'client'>,
  ): Promise<UpdateRecord | null> {
    const { clientId, channel, engine, store, log } = this.#context;
    const { updateId } = offer;
    const content: PartContent =
      base === null
        ? { ...offer, clientId, purpose: 'update', id: updateId }
        : {
            clientId,
            purpose: 'start',
            id: base.baseId,
            encoding: 'float32',
            sizeBytes: payloadBytes('float32', engine.layout),
            sha256: base.weightsDigest,
          };
    const part = await store.parts.take(content);
    const upload = { offer, part, transfer: this.#numbers.next(), base, client };
    this.#upload = upload;
    if (part.isComplete) return this.#complete(upload);
    const position = { transfer: upload.transfer, offset: part.heldBytes };
    if (base === null) {
      channel.send({ type: 'update/resume', updateId, ...position });
    } else {
      const { baseId, weightsDigest: sha256 } = base;
      log.warn({ baseId, updateId }, 'start weights are not kept any more: asking the client for them');
      channel.send({ type: 'base/resume', baseId, ...position, sizeBytes: content.sizeBytes, sha256 });
    }
    return null;
  }

  /**
   * Takes one data frame; the last one ends in a receipt.
   * @param onTaken called when the frame's memory is not needed any more; it may not be, where it is refused
   * @returns the journaled update when a receipt was given
   * @throws AppError `protocol/frame-truncated`, `protocol/frame-too-large`, `protocol/bad-message`,
   *   `protocol/binary-unexpected`, `protocol/offset-mismatch` (the upload goes on);
   *   `update/digest-mismatch`, `update/not-finite`, `update/encoding-refused` (dropped); `server/storage` (may be
   *   offered again)
   */
  async data(bytes: Uint8Array, onTaken?: () => void): Promise<UpdateRecord | null> {
    const frame = decodeDataFrame(bytes);
    const upload = this.#upload;
    if (upload === null || frame.transfer !== upload.transfer) {
      throw new AppError('protocol/binary-unexpected', { detail: `transfer ${frame.transfer}` });
    }
    const { part } = upload;
    if (frame.offset !== part.heldBytes) {
      throw new AppError('protocol/offset-mismatch', {
        detail: `offset ${frame.offset}, expected ${part.heldBytes}`,
      });
    }
    if (frame.payload.byteLength > part.missingBytes) {
      throw new AppError('protocol/frame-too-large', { detail: 'runs past the end of the update' });
    }
    try {
      await part.append(frame.payload, onTaken);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    return part.isComplete ? this.#complete(upload) : null;
  }

  /** Ends the open upload; what has arrived stays on disk, to be continued. */
  async close(): Promise<void> {
    const upload = this.#upload;
    this.#upload = null;
    await upload?.part.close();
  }

  /** The same offer again asks where to go on; a different one must wait. */
  async #makeRoomFor(offer: UpdateOffer): Promise<void> {
    const open = this.#upload?.offer;
    if (open === undefined) return;
    if (open.updateId !== offer.updateId || open.sha256 !== offer.sha256) {
      throw new AppError('protocol/unexpected-message', { detail: 'another update is being sent' });
    }
    await this.close();
  }

  async #complete({ offer, part, base, client }: Upload): Promise<UpdateRecord | null> {
    this.#upload = null;
    const { engine, clientId } = this.#context;
    const { updateId, baseId, examples } = offer;
    let weights: StagedVector;
    try {
      weights = await part.prove({
        delta: base === null ? await this.#deltaOf(offer) : undefined,
        onProved: () => {
          if (client !== null) engine.expect({ updateId, client, digest: offer.sha256, examples });
        },
      });
    } catch (thrown) {
      engine.giveUp(updateId);
      const { code } = toAppError(thrown);
      if (code === 'server/storage') await part.close();
      else await part.drop();
      throw base !== null && code.startsWith('update/')
        ? startLost('the client has other start weights')
        : thrown;
    }
    await part.close().catch((thrown) => {
      engine.giveUp(updateId);
      throw thrown;
    });
    if (base !== null) {
      if (!(await engine.restoreStart({ clientId, base, path: part.path }))) {
        throw startLost('the client was given other start weights meanwhile');
      }
      return this.#answer(offer);
    }
    try {
      const journaled = await engine.receive({
        updateId,
        clientId,
        baseId,
        rounds: offer.rounds,
        examples,
        metrics: offer.metrics,
        ...weights,
      });
      if (weights.path !== part.path) await part.drop();
      return this.#receipt(journaled);
    } catch (thrown) {
      if (weights.path !== part.path) await discardStaged([weights]);
      throw thrown;
    }
  }

  /** What an update that is a delta leads to; undefined where it is weights. */
  async #deltaOf(offer: UpdateOffer): Promise<CompleteUpload['delta']> {
    const { encoding, weightsSha256 } = offer;
    if (encoding === 'float32') return undefined;
    const { engine, store } = this.#context;
    const startDigest = await this.#startDigest(offer);
    const { layout } = engine;
    return { folder: store.weights.folder, encoding, layout, startDigest, weightsDigest: weightsSha256! };
  }

  async #startDigest({ baseId }: UpdateOffer): Promise<string> {
    const base = await this.#context.store.catalogue.findBase(baseId);
    if (base === null) throw new AppError('update/unknown-base');
    return base.weightsDigest;
  }

  #receipt(update: UpdateRecord): UpdateRecord {
    this.#context.channel.send({
      type: 'update/receipt',
      updateId: update.updateId,
      receivedAt: update.receivedAt,
    });
    return update;
  }
}

function startLost(detail: string): AppError {
  return new AppError('update/unknown-base', { detail });
}
