import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { DeviceHeader, Payload } from '@genba/shared/exchange/header';
import { DATA_FRAME_HEADER_BYTES, writeDataFrameHeader } from '@genba/shared/protocol/data-frame';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import type { ServerMessage } from '@genba/shared/protocol/messages';
import type { Logger } from 'pino';
import type { TaskEngine } from '../engine/task-engine.ts';
import { type SessionContext, TransferNumbers } from '../gateway/session-context.ts';
import { UploadDesk } from '../gateway/upload-desk.ts';
import type { UpdateRecord } from '../store/catalogue.ts';
import type { Store } from '../store/open-store.ts';
import type { DeviceFile } from './device-file.ts';

/** Refusals of an update itself: said again they are the same. Others are about the moment. */
const LASTING_REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'update/unknown-base',
  'update/future-base',
  'update/wrong-shape',
  'update/not-finite',
  'update/encoding-refused',
]);

export interface FileUploadContext {
  readonly clientId: string;
  readonly engine: TaskEngine;
  readonly store: Pick<Store, 'catalogue' | 'screening' | 'weights' | 'parts'>;
  readonly log: Logger;
}

/** What became of an update that a file carries. */
export type Uploaded =
  | { readonly kind: 'journaled'; readonly update: UpdateRecord; readonly isKnown: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string | null };

/**
 * Hands the update of a file to the same desk that takes updates in from connections, frame by frame, so that the same
 * checks are made in the same order, and the same journal answers a repetition.
 * @throws AppError `server/low-space`, `server/storage`, `update/id-conflict` while it comes over a connection right now:
 *   the file may be imported again
 */
export async function uploadFromFile(
  file: DeviceFile,
  update: NonNullable<DeviceHeader['update']>,
  context: FileUploadContext,
): Promise<Uploaded> {
  const { catalogue } = context.store;
  const isKnown = (await catalogue.findUpdate(update.updateId)) !== null;
  const conversation = new FileConversation(file, context);
  try {
    return { kind: 'journaled', update: await conversation.offer(update), isKnown };
  } catch (thrown) {
    const { code, detail = null } = toAppError(thrown);
    // Another update of this id was journaled, or it comes over a connection in this moment.
    const isOther = code === 'update/id-conflict' && isKnown;
    if (!LASTING_REFUSALS.has(code) && !isOther) throw thrown;
    return { kind: 'refused', code, detail };
  } finally {
    await conversation.close();
  }
}

/** The device's side of a conversation whose every answer stands in its file. */
class FileConversation {
  readonly #file: DeviceFile;
  readonly #desk: UploadDesk;
  readonly #said: ServerMessage[] = [];

  constructor(file: DeviceFile, context: FileUploadContext) {
    this.#file = file;
    const channel: SessionContext['channel'] = {
      send: (message) => void this.#said.push(message),
      sendError: () => undefined,
      sendData: async () => undefined,
      frameBytes: DATA_CHUNK_BYTES,
    };
    this.#desk = new UploadDesk({ ...context, channel }, new TransferNumbers());
  }

  async offer(update: NonNullable<DeviceHeader['update']>): Promise<UpdateRecord> {
    let journaled = await this.#desk.offer(update);
    while (journaled === null) journaled = await this.#answer(this.#said.pop()!, update);
    return journaled;
  }

  close(): Promise<void> {
    return this.#desk.close();
  }

  async #answer(
    asked: ServerMessage,
    update: NonNullable<DeviceHeader['update']>,
  ): Promise<UpdateRecord | null> {
    switch (asked.type) {
      case 'update/resume':
        return this.#send(update, asked);
      case 'base/resume': {
        const { start } = this.#file.header;
        const isWanted = start?.baseId === asked.baseId && start.sha256 === asked.sha256;
        return start !== null && isWanted ? this.#send(start, asked) : this.#desk.baseMissing(asked.baseId);
      }
      default:
        throw new AppError('internal/bug', { detail: `${asked.type} to a file` });
    }
  }

  /** @returns the journaled update; null when something else is asked for next */
  async #send(
    payload: Payload,
    from: { readonly transfer: number; readonly offset: number },
  ): Promise<UpdateRecord | null> {
    const frame = new Uint8Array(DATA_FRAME_HEADER_BYTES + DATA_CHUNK_BYTES);
    let journaled: UpdateRecord | null = null;
    for (let offset = from.offset; offset < payload.sizeBytes; ) {
      const filled = await this.#file.read(payload, frame.subarray(DATA_FRAME_HEADER_BYTES), offset);
      if (filled === 0) throw new AppError('exchange/damaged', { detail: 'it ends early' });
      writeDataFrameHeader(frame, { transfer: from.transfer, offset });
      journaled = await this.#desk.data(frame.slice(0, DATA_FRAME_HEADER_BYTES + filled));
      offset += filled;
    }
    return journaled;
  }
}
