import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { TaskInput } from '@genba/shared/model/task';
import { isCsv, isPictureName, isSystemFile } from '../dataset/detect.ts';

/** A file to be judged. */
export interface SubjectFile {
  readonly path: string;
  /** For people: below the folder that was asked for, with `/`. */
  readonly name: string;
}

/**
 * The files that a path means: itself, or all in the folder, and below, that a task can judge, by name.
 * @throws AppError `judging/not-found`
 */
export async function subjectFiles(where: string, kind: TaskInput['kind']): Promise<readonly SubjectFile[]> {
  const notFound = (cause: NodeJS.ErrnoException) => {
    throw new AppError('judging/not-found', { detail: `${where}: ${cause.code}`, cause });
  };
  const info = await stat(where).catch(notFound);
  if (!info.isDirectory()) return [{ path: where, name: path.basename(where) }];
  const isWanted = kind === 'image' ? isPictureName : isCsv;
  const entries = await readdir(where, { recursive: true, withFileTypes: true }).catch(notFound);
  return entries
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return { path: file, name: path.relative(where, file).replaceAll(path.sep, '/') };
    })
    .filter(({ name }) => !name.split('/').some(isSystemFile))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
