/**
 * Reads one dataset, or looks at one, and ends: forked by the agent, because decoding thousands of pictures takes memory
 * that a process gives back only when it ends, and because a damaged picture may take a native library down.
 */
import os from 'node:os';
import { toAppError } from '@genba/shared/errors/app-error';
import { previewData } from './preview.ts';
import { readAndKeep } from './read-and-keep.ts';
import type { ReaderJob, ReaderMessage } from './reader-process.ts';

/** Time between two reports of progress, milliseconds. */
const REPORT_MS = 200;

process.once('message', (job: ReaderJob) => void answer(job));
// Without the agent nobody wants the result.
process.once('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole process group; the agent decides.
process.on('SIGINT', () => {});

async function answer(job: ReaderJob): Promise<void> {
  try {
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Forbidden by an administrator; reading works all the same.
  }
  let reportedMs = performance.now();
  const onProgress = (done: number, total: number) => {
    if (performance.now() - reportedMs < REPORT_MS) return;
    reportedMs = performance.now();
    process.send?.({ done, total } satisfies ReaderMessage);
  };
  let reply: ReaderMessage;
  try {
    if ('preview' in job) reply = { preview: await previewData(job.preview, onProgress) };
    else reply = { isKept: !('cause' in (await readAndKeep(job.read, onProgress))) };
  } catch (thrown) {
    const { code, detail, message } = toAppError(thrown);
    reply = { code, detail: detail ?? message };
  }
  process.send?.(reply, undefined, undefined, () => process.exit(0));
}
