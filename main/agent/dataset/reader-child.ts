/**
 * Reads one dataset and ends: forked by the agent, because decoding thousands of pictures takes memory that a process
 * gives back only when it ends, and because a damaged picture may take a native library down.
 */
import os from 'node:os';
import { toAppError } from '@genba/shared/errors/app-error';
import { type ReadingJob, readAndKeep } from './read-and-keep.ts';
import type { ReaderReply } from './reader-process.ts';

process.once('message', (job: ReadingJob) => void answer(job));
// Without the agent nobody wants the result.
process.once('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole process group; the agent decides.
process.on('SIGINT', () => {});

async function answer(job: ReadingJob): Promise<void> {
  try {
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Forbidden by an administrator; reading works all the same.
  }
  let reply: ReaderReply;
  try {
    reply = { isKept: !('cause' in (await readAndKeep(job))) };
  } catch (thrown) {
    const { code, detail, message } = toAppError(thrown);
    reply = { code, detail: detail ?? message };
  }
  process.send?.(reply, undefined, undefined, () => process.exit(0));
}
