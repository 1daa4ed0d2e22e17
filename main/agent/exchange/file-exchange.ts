import { createHash } from 'node:crypto';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { type ExchangeKind, exchangeFileName } from '@genba/shared/exchange/container';
import { readInvitation } from '@genba/shared/identity/invitation';
import type { ExportedFile, ImportedReply } from '@genba/shared/local-api/exchange';
import type { Logger } from 'pino';
import type { DeviceIdentity } from '../identity/device-identity.ts';
import type { DeviceStore } from '../identity/device-store.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { Ledger, RunningDelivery } from '../store/ledger.ts';
import type { Outbox } from '../store/outbox.ts';
import type { ExchangeStore } from './exchange-store.ts';
import { type IncomingContext, proveReply, takeReply } from './incoming-reply.ts';
import { type OutgoingFile, requestFile, updateFile } from './outgoing-file.ts';
import { newFilePath, sizeOf, writeFile } from './write-file.ts';

export interface FileExchangeOptions {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly exchange: ExchangeStore;
  readonly ledger: Ledger;
  readonly identity: DeviceIdentity;
  readonly appVersion: string;
  readonly log: Logger;
  /** Runs a change of what conversations rest on while none is open. */
  readonly offline: <Result>(change: () => Result) => Result;
}

/**
 * Exchanges files with the aggregator where there is no network between them: what a connection would carry, in the
 * same words and by the same rules. One command at a time.
 */
export class FileExchange {
  readonly #options: FileExchangeOptions;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: FileExchangeOptions) {
    this.#options = options;
  }

  /**
   * Writes the outstanding update, or a request for weights, into a file.
   * @param target path of a new file, or a folder
   * @throws AppError as `updateFile`, `exchange/not-written`
   */
  exportUpdates(target: string): Promise<ExportedFile> {
    return this.#inTurn(() => this.#write(target, 'update', () => updateFile(this.#options)));
  }

  /**
   * Writes a file that asks the aggregator to enrol this PC.
   * @param text the invitation: its link, or the content of its file
   * @param target path of a new file, or a folder
   * @throws AppError `invitation/…`, `enrolment/other-task`, `exchange/not-written`
   */
  requestEnrolment(text: string, target: string): Promise<ExportedFile> {
    return this.#inTurn(() => this.#write(target, 'request', () => this.#requestFile(text)));
  }

  /** Takes a reply of the aggregator in. @throws AppError as `proveReply` and `takeReply` */
  importReply(path: string): Promise<ImportedReply> {
    return this.#inTurn(async () => {
      const { identity, offline, log } = this.#options;
      const context: IncomingContext = {
        ...this.#options,
        complete: (enrolment, more) => identity.complete(enrolment, more),
      };
      const proved = await proveReply(path, context);
      const taken = offline(() => takeReply(proved, context));
      log.info({ ...taken, path }, 'reply imported');
      return taken;
    });
  }

  #requestFile(text: string): OutgoingFile {
    const { client, device, exchange } = this.#options;
    const { servers, certificate, taskId, plantName, code } = readInvitation(text, new Date());
    const known = client.task();
    if (known !== null && known.id !== taskId) {
      throw new AppError('enrolment/other-task', { detail: `${known.id} here, ${taskId} in the invitation` });
    }
    const codeDigest = createHash('sha256').update(code).digest('hex');
    // The aggregator may have taken the key that an earlier invitation introduced, and locked it out since.
    const earlier = exchange.requestedEnrolment();
    if (earlier !== null && earlier.codeDigest !== codeDigest) device.dropEnrollingKey();
    const invited = { servers, certificate, taskId, plantName, codeDigest };
    const file = requestFile(this.#options, invited, code);
    exchange.keepRequestedEnrolment(invited);
    return file;
  }

  async #write(target: string, kind: ExchangeKind, make: () => OutgoingFile): Promise<ExportedFile> {
    const { header, parts } = make();
    const { plantName, taskId, update, enrol } = header;
    const path = await newFilePath(target, exchangeFileName(plantName, new Date(), kind));
    await this.#writeEntered(path, { header, parts });
    const sizeBytes = sizeOf(parts);
    const updateId = update?.updateId ?? null;
    this.#options.log.info({ path, sizeBytes, updateId }, 'file written for the aggregator');
    const rounds = update?.rounds ?? 0;
    return {
      kind: 'exported',
      path,
      sizeBytes,
      plantName,
      taskId,
      updateId,
      rounds,
      asksToEnrol: enrol !== null,
    };
  }

  /** Every payload is in the ledger before its first byte leaves. */
  async #writeEntered(path: string, { header, parts }: OutgoingFile): Promise<void> {
    const { update, taskId } = header;
    const contents = ['update', 'start-weights'] as const;
    const deliveries = new Map<Uint8Array, RunningDelivery>();
    parts.payloads.forEach((payload, index) => {
      const of = { channel: 'file', peer: path, taskId, updateId: update!.updateId } as const;
      const delivery = { ...of, content: contents[index], plannedBytes: payload.byteLength };
      deliveries.set(payload, this.#options.ledger.begin(delivery));
    });
    try {
      await writeFile(path, parts, (part, bytes) => deliveries.get(part)?.add(bytes));
    } catch (thrown) {
      for (const delivery of deliveries.values()) delivery.breakOff();
      throw thrown;
    }
    for (const delivery of deliveries.values()) delivery.complete();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#running.then(work);
    this.#running = done.catch((thrown) => {
      const { code, detail } = toAppError(thrown);
      this.#options.log.warn({ code, detail }, 'file exchange refused');
    });
    return done;
  }
}
