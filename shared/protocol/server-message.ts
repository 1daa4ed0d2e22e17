import { AppError, toAppError } from '../errors/app-error.ts';
import { newerThanKnown } from '../model/newer-task.ts';
import { parseControlFrame } from './control-frame.ts';
import { type ServerMessage, serverMessageSchema, welcomeWithAnyTaskSchema } from './messages.ts';

/**
 * Reads a control frame of an aggregator.
 * @throws AppError as {@link parseControlFrame}; `task/app-too-old` where all that is wrong is that the task has what only a
 *   newer version knows
 */
export function parseServerMessage(text: string): ServerMessage {
  try {
    return parseControlFrame(serverMessageSchema, text);
  } catch (thrown) {
    const error = toAppError(thrown);
    const unknown = error.code === 'protocol/bad-message' ? unknownInTask(text) : null;
    throw unknown === null ? error : new AppError('task/app-too-old', { detail: unknown, cause: error });
  }
}

/** What the task of a welcome has that is not known here; null where this is no proper welcome. */
function unknownInTask(text: string): string | null {
  try {
    return newerThanKnown(parseControlFrame(welcomeWithAnyTaskSchema, text).task);
  } catch {
    return null;
  }
}
