import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { ExamplesFolder, type KeptDataset } from './kept-examples.ts';
import { type ReadingJob, readAndKeep, type UnkeptReading } from './read-and-keep.ts';

/** How a reading ended: it is on disk or could not be put there, or it failed. */
export type ReaderReply =
  | { readonly isKept: boolean }
  | { readonly code: ErrorCode; readonly detail: string };

const CHILD_PATH = fileURLToPath(new URL('./reader-child.ts', import.meta.url));

/**
 * {@link readAndKeep} in a process of its own, so that this one stays small. Where the disk takes nothing, it is read
 * once more here: then somebody has to hold it.
 * @throws AppError as `readAndKeep`, `dataset/damaged` when the process died; the reason of `signal`
 */
export async function readInChild(
  job: ReadingJob,
  signal: AbortSignal,
): Promise<KeptDataset | UnkeptReading> {
  const reply = await askChild(job, signal);
  if ('code' in reply) throw new AppError(reply.code, { detail: reply.detail });
  const kept = reply.isKept ? new ExamplesFolder(job.dataFolder).read() : null;
  return kept ?? (await readAndKeep(job));
}

function askChild(job: ReadingJob, signal: AbortSignal): Promise<ReaderReply> {
  const child = fork(CHILD_PATH, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal });
  return new Promise((resolve, reject) => {
    child.once('message', (reply: ReaderReply) => resolve(reply));
    child.once('error', reject);
    child.once('exit', (code, ended) => {
      reject(new AppError('dataset/damaged', { detail: `the reading process ended: ${ended ?? code}` }));
    });
    child.send(job, () => undefined);
  });
}
