import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { type ExampleSplit, splitOf, type Task } from '@genba/shared/model/task';
import { decodePicture, pictureReason } from './decode-picture.ts';
import type { DatasetSource } from './detect.ts';
import { isSystemFile } from './detect.ts';
import { type ReadExamples, type ReadOptions, SkippedItems } from './examples.ts';
import { type LabelledPicture, type ReadImage, type SourceFile, statFiles } from './source-files.ts';

/** Images decoded at a time: enough to use the cores, without holding many large photographs in memory. */
export const DECODERS = 4;

/** A picture and the class folder that it lies in. */
export interface ImageFile extends SourceFile {
  readonly label: number;
}

/** Pixels that were decoded before. */
export interface DecodedImages {
  /** Puts the pixels of a file at `offset` of `into`, if it has not changed since. @returns whether it could */
  readonly take: (file: SourceFile, into: Uint8Array, offset: number) => Promise<boolean>;
}

/**
 * Reads a folder of class folders. Sub-folder names are class names, compared in Unicode form NFC because macOS
 * writes 「ガ」 as two characters. Class folders may have folders of their own (by day, by camera). A class without
 * a folder is fine: a plant need not have seen every defect.
 *
 * Shapes: pixels as bytes, `[file, height, width, channels]`, files in the order of their names.
 * @throws AppError `dataset/mismatch` (a folder that is no class of the task; all are named)
 */
export async function readImageFolder(
  source: Extract<DatasetSource, { kind: 'images' }>,
  task: Task,
  decoded: DecodedImages | null = null,
  { onProgress, labelled }: ReadOptions = {},
): Promise<ReadExamples> {
  const { input } = task;
  if (input.kind !== 'image') {
    throw new AppError('dataset/mismatch', { detail: `the task needs a ${input.kind}, not images` });
  }
  const { files } = await listImages(source, task.classes, labelled);
  const size = input.width * input.height * input.channels;
  const inputs = new Uint8Array(files.length * size);
  const reasons: (string | null)[] = new Array(files.length).fill(null);
  const locked = new Set<number>();
  let next = 0;
  let done = 0;
  const decodeInTurn = async () => {
    for (let index = next++; index < files.length; index = next++) {
      const { path } = files[index]!;
      try {
        const isKnown = (await decoded?.take(files[index]!, inputs, index * size)) === true;
        if (!isKnown) inputs.set(await decodePicture(path, input), index * size);
      } catch (thrown) {
        reasons[index] = pictureReason(thrown);
        if (await isLocked(path)) locked.add(index);
      }
      done += 1;
      onProgress?.(done, files.length);
    }
  };
  await Promise.all(Array.from({ length: DECODERS }, decodeInTurn));
  const groupOf = imageGroups(splitOf(task));
  return gather(source.folder, files, { inputs, reasons, locked, size, groupOf });
}

/** Whether a file cannot be opened just now because another program has it. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close();
    return false;
  } catch (thrown) {
    return ['EBUSY', 'EPERM', 'EACCES'].includes((thrown as NodeJS.ErrnoException).code ?? '');
  }
}

/**
 * The files of a folder of class folders and those labelled elsewhere, in the order of their names, and all folders of
 * the first.
 * @throws AppError `dataset/mismatch`
 */
export async function listImages(
  { folder, classFolders }: Extract<DatasetSource, { kind: 'images' }>,
  classes: readonly string[],
  labelled: readonly LabelledPicture[] = [],
): Promise<{ files: ImageFile[]; folders: string[] }> {
  const labels = new Map(classes.map((name, label) => [name.normalize('NFC'), label]));
  const unknown = classFolders.filter((name) => !labels.has(name.normalize('NFC')));
  if (unknown.length > 0) {
    throw new AppError('dataset/mismatch', {
      detail: `not a class of the task: ${unknown.map((name) => `"${name}"`).join(', ')}`,
    });
  }
  const files: ImageFile[] = [];
  const folders = [folder];
  for (const name of classFolders) {
    folders.push(join(folder, name));
    const paths: string[] = [];
    const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (relative(folder, path).split(sep).some(isSystemFile)) continue;
      if (entry.isDirectory()) folders.push(path);
      if (entry.isFile()) paths.push(path);
    }
    const label = labels.get(name.normalize('NFC'))!;
    for (const file of await statFiles(paths)) files.push({ ...file, label });
  }
  const labelOf = new Map(
    labelled.map(({ path, className }) => [path, labels.get(className.normalize('NFC'))]),
  );
  for (const file of await statFiles([...labelOf.keys()])) {
    const label = labelOf.get(file.path);
    if (label !== undefined) files.push({ ...file, label });
  }
  // By normalised name, so that the order (and with it the split) does not depend on the file system.
  const key = (file: ImageFile) => file.path.normalize('NFC');
  return { files: files.sort((a, b) => (key(a) < key(b) ? -1 : 1)), folders };
}

interface Decoded {
  readonly inputs: Uint8Array;
  readonly reasons: readonly (string | null)[];
  /** Places among the files. */
  readonly locked: ReadonlySet<number>;
  /** Bytes per image. */
  readonly size: number;
  /** What a picture stays together with, by its path below the folder; null where each stands for itself. */
  readonly groupOf: ((path: string) => string) | null;
}

/** A lot may have good parts and bad ones: which class folder a picture lies in does not matter. */
export function imageGroups(split: ExampleSplit): Decoded['groupOf'] {
  if (split.by === 'folder') {
    return (path) => dirname(path).split(sep).slice(1).join('/').normalize('NFC');
  }
  if (split.by !== 'name') return null;
  return (path) => basename(path).normalize('NFC').split(split.separator, 1)[0]!;
}

/** Closes the gaps that unreadable files left. */
function gather(
  folder: string,
  files: readonly ImageFile[],
  { inputs, reasons, locked, size, groupOf }: Decoded,
): ReadExamples {
  const skipped = new SkippedItems();
  const labels: number[] = [];
  const groups: string[] = [];
  const images = files.map(({ label, ...file }, index): ReadImage => {
    const reason = reasons[index] ?? null;
    if (reason !== null) {
      skipped.add(relative(folder, file.path), reason);
      return { ...file, place: null, reason, isLocked: locked.has(index) };
    }
    const place = labels.length;
    inputs.copyWithin(place * size, index * size, (index + 1) * size);
    labels.push(label);
    if (groupOf !== null) groups.push(groupOf(relative(folder, file.path)));
    return { ...file, place, reason: null, isLocked: false };
  });
  const examples = { inputs: inputs.slice(0, labels.length * size), labels: Uint16Array.from(labels) };
  return { examples, skipped, images, ...(groupOf === null ? {} : { groups }) };
}
