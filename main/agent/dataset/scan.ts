import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Task } from '@genba/shared/model/task';
import { detectDataset } from './detect.ts';
import { listImages } from './image-folder.ts';
import { type LabelledPicture, type SourceFile, statFiles } from './source-files.ts';

/** Up to so many files are looked at one by one even in a quick look. */
const FEW_FILES = 4;

/** Where a plant's data lie. */
export interface DatasetPlace {
  readonly dataset: string;
  readonly checkSet: string | null;
  /** Pictures beside those in the class folders. */
  readonly labelled: readonly LabelledPicture[];
}

/** What lies at a dataset's path, without reading it. */
export interface DatasetScan {
  readonly files: readonly SourceFile[];
  /** All folders in which a file that is added or removed matters. */
  readonly folders: readonly string[];
}

/**
 * Lists the files of a dataset and of its check set.
 * @throws AppError `dataset/not-found`, `dataset/unrecognised`, `dataset/mismatch`; Error of the file system
 */
export async function scanDataset(
  { dataset, checkSet, labelled }: DatasetPlace,
  classes: Task['classes'],
): Promise<DatasetScan> {
  const scans = [await scanOne(dataset, classes, labelled)];
  if (checkSet !== null) scans.push(await scanOne(checkSet, classes));
  return { files: scans.flatMap(({ files }) => files), folders: scans.flatMap(({ folders }) => folders) };
}

async function scanOne(
  path: string,
  classes: Task['classes'],
  labelled: readonly LabelledPicture[] = [],
): Promise<DatasetScan> {
  const source = await detectDataset(path);
  switch (source.kind) {
    case 'images':
      return await listImages(source, classes, labelled);
    case 'idx':
      return { files: await statFiles([source.imagesFile, source.labelsFile]), folders: [path] };
    case 'csv':
      return { files: await statFiles(source.files), folders: [dirname(source.files[0]!)] };
  }
}

/** A digest of what was seen, with what else the examples depend on: the same again, and nothing need be read. */
export function fingerprint({ files }: DatasetScan, reading: unknown): string {
  const seen = files.map(({ path, sizeBytes, mtimeMs }) => [path, sizeBytes, mtimeMs]);
  return hash('sha256', JSON.stringify([reading, seen]));
}

/**
 * A quick look: a folder's time changes when a file in it is added, removed or renamed. What is written into a file that
 * is there is seen only where there are few files; a whole scan sees the rest.
 */
export async function pulse({ files, folders }: DatasetScan): Promise<string> {
  const paths = [...folders, ...(files.length <= FEW_FILES ? files.map(({ path }) => path) : [])];
  const infos = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  // A table is appended to without its folder's knowledge, and other files come and go beside it.
  return infos.map((info) => (info === null ? 'gone' : `${info.mtimeMs} ${info.size}`)).join(' ');
}
