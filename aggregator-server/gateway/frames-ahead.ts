import { AppError } from '@genba/shared/errors/app-error';
import { DATA_FRAME_HEADER_BYTES, writeDataFrameHeader } from '@genba/shared/protocol/data-frame';
import type { WeightReader } from '../store/weight-store.ts';

/** A frame ready to be sent; its memory is used again once {@link FramesAhead.giveBack} has it. */
export interface ReadFrame {
  readonly bytes: Uint8Array;
  readonly memory: Uint8Array;
}

/**
 * The data frames of one download, the next one read while the last one is sent. Their memory goes round: as many
 * frames as the socket holds at once and the one that is being read, whatever the size of the model.
 */
export class FramesAhead {
  readonly #reader: WeightReader;
  readonly #transfer: number;
  readonly #frameBytes: number;
  readonly #free: Uint8Array[] = [];
  #offset: number;
  #reading: Promise<ReadFrame | null>;

  /** @param from.frameBytes payload of a frame */
  constructor(reader: WeightReader, from: { transfer: number; offset: number; frameBytes: number }) {
    this.#reader = reader;
    this.#transfer = from.transfer;
    this.#frameBytes = from.frameBytes;
    this.#offset = from.offset;
    this.#reading = this.#read();
  }

  /** The next frame; null behind the last one. @throws AppError `store/damaged`, `server/storage` */
  async next(): Promise<ReadFrame | null> {
    const frame = await this.#reading;
    if (frame !== null) this.#reading = this.#read();
    return frame;
  }

  /** Takes back a frame whose bytes were sent. */
  giveBack({ memory }: ReadFrame): void {
    this.#free.push(memory);
  }

  /** Ends; what was read ahead is not needed any more. */
  async close(): Promise<void> {
    await this.#reading.catch(() => {});
    await this.#reader.close();
  }

  #read(): Promise<ReadFrame | null> {
    const reading = this.#readNext();
    // Whoever asks for the frame hears of its failure; nobody may, when the download was cancelled.
    reading.catch(() => {});
    return reading;
  }

  async #readNext(): Promise<ReadFrame | null> {
    if (this.#offset >= this.#reader.sizeBytes) return null;
    // Of it only what is written over is sent.
    const memory = this.#free.pop() ?? unfilled(DATA_FRAME_HEADER_BYTES + this.#frameBytes);
    const filled = await this.#reader.read(memory.subarray(DATA_FRAME_HEADER_BYTES), this.#offset);
    if (filled === 0) throw new AppError('store/damaged', { detail: 'weights end early' });
    writeDataFrameHeader(memory, { transfer: this.#transfer, offset: this.#offset });
    this.#offset += filled;
    return { bytes: memory.subarray(0, DATA_FRAME_HEADER_BYTES + filled), memory };
  }
}

/** Memory of its own with whatever is in it. */
function unfilled(sizeBytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);
}
