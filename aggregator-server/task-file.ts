import { readFile } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import { MAX_MODEL_PARAMETERS, parseTask, type Task } from '@genba/shared/model/task';
import { findJsonSyntaxError } from './json-syntax.ts';
import { errorCodeOf } from './store/storage-error.ts';
import { withTopology } from './topology-file.ts';

/**
 * Reads a task file.
 * @throws AppError `task/invalid`; its detail names the file and what is wrong: that it cannot be read, the line
 *   and column of a syntax error, or each wrong field
 */
export async function readTaskFile(path: string): Promise<Task> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const code = errorCodeOf(cause);
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read: ${code ?? String(cause)}`;
    throw new AppError('task/invalid', { detail: `${path}: ${reason}`, cause });
  }
  try {
    const task = parseTask(await withTopology(parseJson(text), path));
    refuseTooLarge(task);
    return task;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    throw new AppError(thrown.code, { detail: `${path}: ${thrown.detail}`, cause: thrown });
  }
}

function refuseTooLarge(task: Task): void {
  const { size } = weightLayout(task);
  if (size <= MAX_MODEL_PARAMETERS) return;
  throw new AppError('task/invalid', {
    detail: `model: ${size} parameters, at most ${MAX_MODEL_PARAMETERS}`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = findJsonSyntaxError(text);
    const place = position === null ? '' : ` at line ${position.line}, column ${position.column}`;
    throw new AppError('task/invalid', { detail: `not JSON${place}`, cause });
  }
}
