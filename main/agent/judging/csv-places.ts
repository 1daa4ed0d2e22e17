import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { isCsv, isSystemFile } from '../dataset/detect.ts';
import { TABLE_KEYS } from './watch-table.ts';
import type { FilePlace } from './watched-files.ts';

/** A file as it is seen now. */
export interface SeenFile extends FilePlace {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** For people: below the folder that is watched, with `/`. */
  readonly name: string;
}

/** Questions to the file system at a time. */
const STATS_AT_ONCE = 64;

/** So many neighbours of a file may be what it was renamed to. */
const MOST_NEIGHBOURS = 50;

/** What is watched: all CSV files of a folder, and below, or one file. */
export interface SeenFiles {
  readonly isFolder: boolean;
  /** Oldest first. */
  readonly files: readonly SeenFile[];
}

/**
 * Sees what is there, by asking: events of the system do not come from network drives, and the libraries for them watch
 * each file by itself.
 * @param besides further files to look at
 * @throws AppError `judging/not-found` where the folder of what is watched cannot be reached
 */
export async function seeFiles(watched: string, besides: readonly string[]): Promise<SeenFiles> {
  const info = await stat(watched).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(info instanceof Error) && info.isDirectory()) {
    const entries = await readdir(watched, { recursive: true, withFileTypes: true }).catch(notFound(watched));
    const paths = entries
      .filter((entry) => entry.isFile() && isCsv(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(watched, file).split(path.sep).some(isSystemFile));
    return { isFolder: true, files: await statAll(paths, watched) };
  }
  if (info instanceof Error) await stat(path.dirname(watched)).catch(notFound(path.dirname(watched)));
  const paths = [...new Set([watched, ...besides])];
  return { isFolder: false, files: await statAll(paths, path.dirname(watched)) };
}

/** Files beside one that may be what it was called before, newest first. */
export async function seeNeighbours(file: string): Promise<readonly SeenFile[]> {
  const folder = path.dirname(file);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile() && !isSystemFile(entry.name))
    .map((entry) => path.join(folder, entry.name))
    .filter((each) => each !== file);
  return (await statAll(paths, folder)).toReversed().slice(0, MOST_NEIGHBOURS);
}

/** Whether a file is a table of results, which is nothing to be judged. */
export async function isResultTable(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const [head = ''] = buffer.toString('latin1', 0, bytesRead).split(/\r?\n/, 1);
    return Object.values(TABLE_KEYS).some(({ column }) => new RegExp(`\\b${column}"?$`).test(head));
  } finally {
    await handle.close();
  }
}

async function statAll(paths: readonly string[], base: string): Promise<SeenFile[]> {
  const seen: SeenFile[] = [];
  for (let start = 0; start < paths.length; start += STATS_AT_ONCE) {
    const some = paths.slice(start, start + STATS_AT_ONCE);
    const infos = await Promise.all(some.map((file) => stat(file).catch(() => null)));
    infos.forEach((info, place) => {
      if (info?.isFile()) seen.push(seenFile(some[place]!, info, base));
    });
  }
  return seen.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
}

function seenFile(file: string, info: Stats, base: string): SeenFile {
  const { size: sizeBytes, mtimeMs, ino, birthtimeMs: bornMs } = info;
  const name = path.relative(base, file).replaceAll(path.sep, '/');
  return { path: file, name, inode: String(ino), bornMs, sizeBytes, mtimeMs };
}

function notFound(where: string) {
  return (cause: NodeJS.ErrnoException): never => {
    throw new AppError('judging/not-found', { detail: `${where}: ${cause.code}`, cause });
  };
}
