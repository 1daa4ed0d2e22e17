/**
 * Opens pictures that are to be judged: forked by the agent, because a damaged one may take a native library down, and
 * because decoding takes memory that only the end of a process gives back.
 */
import os from 'node:os';
import { decodePicture, pictureReason } from '../dataset/decode-picture.ts';
import type { Pace, PictureReply, PictureRequest } from './picture-reader.ts';

const PATIENT: Pace = 'patient';

try {
  // Before any thread is made: on Linux they inherit it one by one.
  if (process.argv[2] === PATIENT) os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // An administrator has forbidden it; pictures are opened all the same.
}

process.on('message', (request: PictureRequest) => void answer(request));
// Without the agent nobody wants the result.
process.once('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole process group; the agent decides.
process.on('SIGINT', () => {});

async function answer({ id, source, input }: PictureRequest): Promise<void> {
  let reply: PictureReply;
  try {
    reply = { id, pixels: await decodePicture(source, input) };
  } catch (thrown) {
    reply = { id, reason: pictureReason(thrown) };
  }
  process.send?.(reply, undefined, undefined, () => {});
}
