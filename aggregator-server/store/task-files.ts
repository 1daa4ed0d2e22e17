import { join } from 'node:path';
import { parseTask, type Task } from '@genba/shared/model/task';
import { makeFolder, writeDurably } from './durable-file.ts';
import { textIfPresent } from './present-file.ts';
import { asStorage } from './storage-error.ts';

/** Where a task's description lies. The prefix keeps ids such as `con` or `nul` from being names of Windows. */
export function taskFilePath(folder: string, taskId: string): string {
  return join(folder, `task-${taskId}.json`);
}

/**
 * Keeps the description of a task beside the catalogue, so that a backup is complete by itself and a version can be
 * exported long after the task file is gone. Written only where it differs from the one kept.
 * @throws AppError `server/storage`
 */
export async function keepTask(folder: string, task: Task): Promise<void> {
  const path = taskFilePath(folder, task.id);
  const text = `${JSON.stringify(task, null, 2)}\n`;
  await asStorage(async () => {
    if ((await textIfPresent(path)) === text) return;
    await makeFolder(folder);
    await writeDurably(path, text);
  });
}

/**
 * The description kept of a task; null where none is, as in folders written before descriptions were kept.
 * @throws AppError `task/invalid` when it is damaged, `server/storage`
 */
export async function readKeptTask(folder: string, taskId: string): Promise<Task | null> {
  const text = await asStorage(() => textIfPresent(taskFilePath(folder, taskId)));
  return text === null ? null : parseTask(parseJson(text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a task either: the schema says so.
    return null;
  }
}
