import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { decodePrefix, PREFIX_BYTES } from '@genba/shared/exchange/container';
import {
  type DeviceHeader,
  deviceSealSchema,
  type Payload,
  parseHeader,
  parseSeal,
  payloadsOf,
} from '@genba/shared/exchange/header';
import { fileStatement } from '@genba/shared/identity/statements';
import { isSigned } from '../identity/signatures.ts';
import { errorCodeOf } from '../store/storage-error.ts';
import { fill } from '../store/verified-read.ts';

/** Bytes hashed at once. */
const PIECE_BYTES = 1024 * 1024;

/** A device's file whose form and signature are right; whether the device may send it is for others to say. */
export interface DeviceFile {
  readonly header: DeviceHeader;
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
  /** Reads up to `target.byteLength` bytes of a payload from a position on. @returns how many there were */
  read(payload: Payload, target: Uint8Array, position: number): Promise<number>;
  /** Proves the digests of all payloads. @throws AppError `exchange/damaged`, `exchange/not-found` */
  provePayloads(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file of a device and proves that the key it names has signed it, before anything that it announces is
 * believed.
 * @throws AppError `exchange/not-found`, `exchange/damaged`, `exchange/newer-format`, `exchange/wrong-direction`,
 *   `exchange/bad-signature`
 */
export async function openDeviceFile(path: string): Promise<DeviceFile> {
  const handle = await reading(path, () => open(path, 'r'));
  try {
    const exactly = (length: number, position: number) =>
      reading(path, () => readExactly(handle, length, position));
    const prefix = decodePrefix(await exactly(PREFIX_BYTES, 0));
    const headerBytes = await exactly(prefix.headerBytes, PREFIX_BYTES);
    const header = parseHeader(headerBytes.toString('utf8'));
    if (header.from !== 'device') throw new AppError('exchange/wrong-direction', { detail: path });
    const seal = await exactly(prefix.sealBytes, PREFIX_BYTES + prefix.headerBytes);
    const { signature } = parseSeal(deviceSealSchema, seal.toString('utf8'));
    if (!isSigned(fileStatement('device', headerBytes), { publicKey: header.publicKey, signature })) {
      throw new AppError('exchange/bad-signature');
    }
    const payloads = payloadsOf(header);
    let end = PREFIX_BYTES + prefix.headerBytes + prefix.sealBytes;
    const starts = new Map<Payload, number>();
    for (const payload of payloads) {
      starts.set(payload, end);
      end += payload.sizeBytes;
    }
    const { size } = await reading(path, () => handle.stat());
    if (size !== end) throw new AppError('exchange/damaged', { detail: `${size} bytes of ${end}` });
    const read = (payload: Payload, target: Uint8Array, position: number) => {
      const wanted = target.subarray(
        0,
        Math.max(0, Math.min(target.byteLength, payload.sizeBytes - position)),
      );
      return reading(path, () => fill(handle, wanted, starts.get(payload)! + position));
    };
    const provePayloads = async () => {
      for (const payload of payloads) {
        if ((await digestOf(payload, read)) === payload.sha256) continue;
        throw new AppError('exchange/damaged', { detail: 'the digest of its content differs' });
      }
    };
    return { header, sizeBytes: size, read, provePayloads, close: () => handle.close() };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function digestOf(payload: Payload, read: DeviceFile['read']): Promise<string> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let position = 0; position < payload.sizeBytes; ) {
    const filled = await read(payload, buffer, position);
    if (filled === 0) break;
    hash.update(buffer.subarray(0, filled));
    position += filled;
  }
  return hash.digest('hex');
}

async function readExactly(handle: FileHandle, length: number, position: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  if ((await fill(handle, bytes, position)) < length) {
    throw new AppError('exchange/damaged', { detail: 'it ends early' });
  }
  return bytes;
}

/** What the system says against reading is about the file or the stick. */
async function reading<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('exchange/not-found', { detail: `${path}: ${errorCodeOf(cause) ?? cause}`, cause });
  }
}
