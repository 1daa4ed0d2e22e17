import { fork } from 'node:child_process';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { DataPreview } from '@genba/shared/local-api/preview';
import { ExamplesFolder, type KeptDataset } from './kept-examples.ts';
import type { PreviewJob } from './preview.ts';
import { type ReadingJob, readAndKeep, type UnkeptReading } from './read-and-keep.ts';

/** What a reading process is to do. */
export type ReaderJob = { readonly read: ReadingJob } | { readonly preview: PreviewJob };

/** How far it is; how a reading ended (it is on disk or could not be put there), a look, or that it failed. */
export type ReaderMessage =
  | { readonly done: number; readonly total: number }
  | { readonly isKept: boolean }
  | { readonly preview: DataPreview }
  | { readonly code: ErrorCode; readonly detail: string };

/** How a reading is watched, and ended. */
export interface ReadingWatch {
  readonly signal: AbortSignal;
  /** Is told how many files of pictures, or bytes of tables, are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

// Of the same kind as this file: TypeScript in the project, JavaScript in a package.
const CHILD_PATH = path.join(import.meta.dirname, `reader-child${path.extname(import.meta.filename)}`);

/**
 * {@link readAndKeep} in a process of its own, so that this one stays small. Where the disk takes nothing, it is read
 * once more here: then somebody has to hold it.
 * @throws AppError as `readAndKeep`, `dataset/damaged` when the process died; the reason of `signal`
 */
export async function readInChild(
  job: ReadingJob,
  watch: ReadingWatch,
): Promise<KeptDataset | UnkeptReading> {
  const reply = await askChild({ read: job }, watch);
  const isKept = 'isKept' in reply && reply.isKept;
  const kept = isKept ? new ExamplesFolder(job.dataFolder).read() : null;
  return kept ?? (await readAndKeep(job));
}

/**
 * `previewData` in a process of its own.
 * @throws AppError `dataset/damaged` when the process died; the reason of `signal`
 */
export async function previewInChild(job: PreviewJob, watch: ReadingWatch): Promise<DataPreview> {
  const reply = await askChild({ preview: job }, watch);
  return (reply as { readonly preview: DataPreview }).preview;
}

function askChild(job: ReaderJob, { signal, onProgress }: ReadingWatch): Promise<ReaderMessage> {
  const child = fork(CHILD_PATH, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal });
  return new Promise((resolve, reject) => {
    child.on('message', (message: ReaderMessage) => {
      if ('done' in message) onProgress?.(message.done, message.total);
      else if ('code' in message) reject(new AppError(message.code, { detail: message.detail }));
      else resolve(message);
    });
    child.once('error', reject);
    child.once('exit', (code, ended) => {
      reject(new AppError('dataset/damaged', { detail: `the reading process ended: ${ended ?? code}` }));
    });
    child.send(job, () => undefined);
  });
}
