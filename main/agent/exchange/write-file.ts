import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { encodePrefix } from '@genba/shared/exchange/container';
import { syncFolder } from '../../durable-file/durable-file.ts';

/** Bytes written at once: between two of them the agent does other things, however slow the stick is. */
const PIECE_BYTES = 1024 * 1024;

/** Most names tried in a folder where the first one is taken. */
const MOST_NAMES = 100;

/** Called before each piece is handed over: of which part it is, and its length in bytes. */
export type OnPiece = (part: Uint8Array, bytes: number) => void;

/** The parts of an exchange file, in their order. */
export interface FileParts {
  readonly header: Uint8Array;
  readonly seal: Uint8Array;
  readonly payloads: readonly Uint8Array[];
}

/** All bytes of an exchange file. */
export function sizeOf({ header, seal, payloads }: FileParts): number {
  const prefix = encodePrefix({ headerBytes: header.byteLength, sealBytes: seal.byteLength });
  return [prefix, header, seal, ...payloads].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * The path of a new file: the wanted one, or, where that is a folder, one in it that is not taken.
 * @throws AppError `exchange/not-written` when the wanted one is taken: nothing is ever overwritten
 */
export async function newFilePath(wanted: string, defaultName: string): Promise<string> {
  if (!(await isFolder(wanted))) {
    if (await exists(wanted)) throw notWritten(wanted, 'a file of that name exists already');
    return wanted;
  }
  const { name, ext } = path.parse(defaultName);
  for (let number = 1; number <= MOST_NAMES; number++) {
    const candidate = path.join(wanted, number === 1 ? defaultName : `${name} (${number})${ext}`);
    if (!(await exists(candidate))) return candidate;
  }
  throw notWritten(wanted, 'too many files of that name');
}

/**
 * Writes an exchange file: under a name of its own, synced, renamed, and read back. On return what the file system
 * gives back is what was written.
 * @throws AppError `exchange/not-written`; no file is left then
 */
export async function writeFile(
  target: string,
  parts: FileParts,
  onPiece: OnPiece = () => undefined,
): Promise<void> {
  const { header, seal, payloads } = parts;
  const prefix = encodePrefix({ headerBytes: header.byteLength, sealBytes: seal.byteLength });
  // No leading dot and nothing but ASCII: every file system of a stick takes it.
  const temporary = path.join(path.dirname(target), `genba-${randomUUID()}.tmp`);
  try {
    const digest = await writeThrough(temporary, [prefix, header, seal, ...payloads], onPiece);
    await rename(temporary, target);
    syncFolder(path.dirname(target));
    if ((await digestOf(target)) === digest) return;
    await rm(target, { force: true });
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (thrown instanceof AppError) throw thrown;
    throw notWritten(target, (thrown as NodeJS.ErrnoException).code ?? String(thrown), thrown);
  }
  throw notWritten(target, 'it reads back differently');
}

async function writeThrough(file: string, parts: readonly Uint8Array[], onPiece: OnPiece): Promise<string> {
  const hash = createHash('sha256');
  const handle: FileHandle = await open(file, 'wx');
  try {
    for (const part of parts) {
      for (let offset = 0; offset < part.byteLength; offset += PIECE_BYTES) {
        const piece = part.subarray(offset, offset + PIECE_BYTES);
        hash.update(piece);
        onPiece(part, piece.byteLength);
        await handle.writeFile(piece);
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest('hex');
}

async function isFolder(candidate: string): Promise<boolean> {
  return stat(candidate).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function exists(candidate: string): Promise<boolean> {
  return access(candidate).then(
    () => true,
    () => false,
  );
}

function notWritten(target: string, reason: string, cause?: unknown): AppError {
  return new AppError('exchange/not-written', { detail: `${target}: ${reason}`, cause });
}
