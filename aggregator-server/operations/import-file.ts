import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { payloadsOf } from '@genba/shared/exchange/header';
import { weightLayout } from '@genba/shared/model/layout';
import { openDeviceFile } from '../exchange/device-file.ts';
import { importPath } from '../exchange/file-importer.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { makeFolder, renameDurably } from '../store/durable-file.ts';
import type { ImportedFile } from '../store/operator-table.ts';
import { DEFAULT_RESERVE_BYTES } from '../store/part-files.ts';
import { asStorage } from '../store/storage-error.ts';
import { readKeptTask } from '../store/task-files.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import { type OperatorRequestOptions, requestOperation } from './operator-request.ts';

/** Bytes copied at once. */
const PIECE_BYTES = 1024 * 1024;

/** How long a running server may take with one file, milliseconds: it may be large, and others may be before it. */
const IMPORT_DEADLINE_MS = 30 * 60_000;

export interface ImportWish extends Pick<OperatorRequestOptions, 'onWait' | 'signal'> {
  readonly dataFolder: string;
  /** The file, such as on a USB stick. */
  readonly path: string;
}

/**
 * Has a device's file taken in: by the server that has the data folder, or, where none has, here and now. The file is
 * proved and copied first, so that the stick may be pulled out whatever happens then. Imported again it changes nothing.
 * @throws AppError `exchange/…`, `identity/…`, `task/…`, `server/low-space`, `server/storage`, and as `requestOperation`
 */
export async function importFile(wish: ImportWish): Promise<ImportedFile> {
  const dataFolder = resolve(wish.dataFolder);
  const taskId = await proveBeforeCopy(dataFolder, wish.path);
  const { importsPath } = dataFolderPaths(dataFolder);
  const file = await copyIn(wish.path, importsPath);
  const { onWait, signal } = wish;
  try {
    const command = { kind: 'import', file } as const;
    const waiting = { deadlineMs: IMPORT_DEADLINE_MS, onWait, signal };
    const result = await requestOperation({ dataFolder, taskId, command, ...waiting });
    if (result.kind !== 'import') throw new Error(`an import was answered as ${result.kind}`);
    return result;
  } finally {
    // The server does so too, unless it was stopped right after the end of the request.
    await rm(importPath(importsPath, file), { force: true }).catch(() => undefined);
  }
}

/** What a look into the file tells, before disk is spent on it. @returns the task it is for */
async function proveBeforeCopy(dataFolder: string, path: string): Promise<string> {
  const file = await openDeviceFile(path);
  try {
    const { taskId } = file.header;
    const reader = await CatalogueReader.open(dataFolder);
    reader.close();
    const task = await readKeptTask(dataFolderPaths(dataFolder).tasksPath, taskId);
    if (task === null) throw new AppError('task/unknown', { detail: taskId });
    const modelBytes = weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT;
    for (const { sizeBytes } of payloadsOf(file.header)) {
      if (sizeBytes > modelBytes) {
        throw new AppError('update/wrong-shape', {
          detail: `${sizeBytes} bytes, the model has ${modelBytes}`,
        });
      }
    }
    await requireSpace(dataFolder, file.sizeBytes);
    return taskId;
  } finally {
    await file.close();
  }
}

async function requireSpace(folder: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await asStorage(() => statfs(folder));
  if (bavail * bsize - sizeBytes >= DEFAULT_RESERVE_BYTES) return;
  throw new AppError('server/low-space', { detail: `${bavail * bsize} bytes free, ${sizeBytes} expected` });
}

/** @returns the name of the copy */
async function copyIn(path: string, folder: string): Promise<string> {
  return asStorage(async () => {
    await makeFolder(folder);
    const file = randomUUID();
    const temporary = join(folder, `${file}.tmp`);
    try {
      await copy(path, temporary);
      await renameDurably(temporary, importPath(folder, file));
      return file;
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
  });
}

/** What is copied is proved again when it is taken in. */
async function copy(from: string, to: string): Promise<void> {
  const target = await open(to, 'wx', 0o600);
  try {
    for await (const piece of createReadStream(from, { highWaterMark: PIECE_BYTES })) {
      await target.writeFile(piece);
    }
    await target.sync();
  } finally {
    await target.close();
  }
}
