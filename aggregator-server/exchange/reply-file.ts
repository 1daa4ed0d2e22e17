import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { encodePrefix, exchangeFileName, MAX_FILE_BYTES } from '@genba/shared/exchange/container';
import type { AggregatorHeader } from '@genba/shared/exchange/header';
import { syncFolder } from '../store/durable-file.ts';
import { errorCodeOf } from '../store/storage-error.ts';
import { openVector } from '../store/vector-files.ts';
import { fill } from '../store/verified-read.ts';
import type { ReplySigner } from './reply-signer.ts';

/** Bytes copied at once. */
const PIECE_BYTES = 1024 * 1024;

/** Most names tried in a folder where the first one is taken. */
const MOST_NAMES = 1000;

/** What a reply is made of. */
export interface Reply {
  readonly header: AggregatorHeader;
  /** Of the weight store. */
  readonly weightsPath: string;
  readonly signer: ReplySigner;
}

/**
 * Writes a reply: under a name of its own, synced, renamed and read back; never over another file.
 * @param target a new file, or a folder in which a name is found
 * @returns path and bytes of the file
 * @throws AppError `exchange/not-written`, `exchange/too-large`, `store/damaged`; no file is left then
 */
export async function writeReply(
  target: string,
  { header, weightsPath, signer }: Reply,
): Promise<{ path: string; sizeBytes: number }> {
  const bytes = Buffer.from(JSON.stringify(header));
  const seal = Buffer.from(signer.seal(bytes));
  const prefix = encodePrefix({ headerBytes: bytes.byteLength, sealBytes: seal.byteLength });
  const front = Buffer.concat([prefix, bytes, seal]);
  const sizeBytes = front.byteLength + (header.weights?.sizeBytes ?? 0);
  if (sizeBytes > MAX_FILE_BYTES) throw new AppError('exchange/too-large', { detail: `${sizeBytes} bytes` });
  const path = await freePath(target, exchangeFileName(header.plantName, new Date(), 'reply'));
  const temporary = join(dirname(path), `genba-${randomUUID()}.tmp`);
  const weights = header.weights === null ? null : await openWeights(weightsPath, header.weights.sha256);
  try {
    const written = await copyOut(temporary, front, weights);
    if (weights !== null && written.weightsDigest !== header.weights!.sha256) {
      throw new AppError('store/damaged', { detail: `weights ${header.weights!.sha256}` });
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
    if ((await digestOf(path)) === written.digest) return { path, sizeBytes };
    await rm(path, { force: true });
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (thrown instanceof AppError) throw thrown;
    throw notWritten(path, errorCodeOf(thrown) ?? String(thrown), thrown);
  } finally {
    await weights?.close();
  }
  throw notWritten(path, 'it reads back differently');
}

async function openWeights(folder: string, digest: string): Promise<FileHandle> {
  return openVector(folder, digest);
}

async function copyOut(
  path: string,
  front: Uint8Array,
  weights: FileHandle | null,
): Promise<{ digest: string; weightsDigest: string }> {
  const [whole, ofWeights] = [createHash('sha256'), createHash('sha256')];
  const handle = await open(path, 'wx');
  try {
    whole.update(front);
    await handle.writeFile(front);
    const piece = new Uint8Array(PIECE_BYTES);
    for (let position = 0; weights !== null; ) {
      const filled = await fill(weights, piece, position);
      if (filled === 0) break;
      const copied = piece.subarray(0, filled);
      whole.update(copied);
      ofWeights.update(copied);
      await handle.writeFile(copied);
      position += filled;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { digest: whole.digest('hex'), weightsDigest: ofWeights.digest('hex') };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

async function freePath(target: string, defaultName: string): Promise<string> {
  const isFolder = await stat(target).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    if (await exists(target)) throw notWritten(target, 'a file of that name exists already');
    return target;
  }
  const { name, ext } = parse(defaultName);
  for (let number = 1; number <= MOST_NAMES; number++) {
    const path = join(target, number === 1 ? defaultName : `${name} (${number})${ext}`);
    if (!(await exists(path))) return path;
  }
  throw notWritten(target, 'too many files of that name');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function notWritten(path: string, reason: string, cause?: unknown): AppError {
  return new AppError('exchange/not-written', { detail: `${path}: ${reason}`, cause });
}
