import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { decodePrefix, PREFIX_BYTES } from '@genba/shared/exchange/container';
import { type ExchangeHeader, type Payload, parseHeader, payloadsOf } from '@genba/shared/exchange/header';

/** The system reads no more than 2 GiB at once. */
const MOST_READ_BYTES = 1024 * 1024 * 1024;

/** An exchange file of which nothing but its form is known to be right. */
export interface OpenFile {
  readonly header: ExchangeHeader;
  /** The header as it stands in the file: what is signed. */
  readonly headerBytes: Uint8Array;
  /** JSON. */
  readonly seal: string;
  /** Reads one payload whole and proves its digest. @throws AppError `exchange/damaged`, `exchange/not-found` */
  payload(index: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens an exchange file and reads what stands before its payloads; whether it has the length that it announces is
 * known then.
 * @throws AppError `exchange/not-found`, `exchange/damaged`, `exchange/newer-format`
 */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await reading(path, () => open(path, 'r'));
  try {
    const read = (offset: number, length: number) => reading(path, () => readExactly(handle, offset, length));
    const { headerBytes: headerLength, sealBytes } = decodePrefix(await read(0, PREFIX_BYTES));
    const headerBytes = await read(PREFIX_BYTES, headerLength);
    const header = parseHeader(headerBytes.toString('utf8'));
    const seal = (await read(PREFIX_BYTES + headerLength, sealBytes)).toString('utf8');
    const payloads = payloadsOf(header);
    const starts = offsetsOf(payloads, PREFIX_BYTES + headerLength + sealBytes);
    const { size } = await reading(path, () => handle.stat());
    if (size !== starts.at(-1)) {
      throw new AppError('exchange/damaged', { detail: `${size} bytes of ${starts.at(-1)}` });
    }
    const payload = async (index: number) => {
      const { sizeBytes, sha256 } = payloads[index]!;
      const bytes = await read(starts[index]!, sizeBytes);
      if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
      throw new AppError('exchange/damaged', { detail: `the digest of part ${index + 1} differs` });
    };
    return { header, headerBytes, seal, payload, close: () => handle.close() };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Where each payload begins, and where the file ends. */
function offsetsOf(payloads: readonly Payload[], first: number): number[] {
  const offsets = [first];
  for (const { sizeBytes } of payloads) offsets.push(offsets.at(-1)! + sizeBytes);
  return offsets;
}

async function readExactly(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const wanted = Math.min(length - filled, MOST_READ_BYTES);
    const { bytesRead } = await handle.read(bytes, filled, wanted, offset + filled);
    if (bytesRead === 0) throw new AppError('exchange/damaged', { detail: 'it ends early' });
    filled += bytesRead;
  }
  return bytes;
}

/** What the system says against reading is about the file or the stick. */
async function reading<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const { code = String(thrown) } = thrown as NodeJS.ErrnoException;
    throw new AppError('exchange/not-found', { detail: `${path}: ${code}`, cause: thrown });
  }
}
