import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import { MAX_MODEL_PARAMETERS, parseTask, type Task } from '@genba/shared/model/task';
import { readJsonFile } from './json-file.ts';
import { withTopology } from './topology-file.ts';

/**
 * Reads a task file.
 * @throws AppError `task/invalid`; its detail names the file and what is wrong: that it cannot be read, the line
 *   and column of a syntax error, or each wrong field
 */
export async function readTaskFile(path: string): Promise<Task> {
  try {
    const task = parseTask(await withTopology(await readJsonFile(path), path));
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
