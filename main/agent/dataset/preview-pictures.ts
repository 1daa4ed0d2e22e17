import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type DataCheck, type DataPreview, PREVIEW_LIMITS } from '@genba/shared/local-api/preview';
import { splitOf, type Task } from '@genba/shared/model/task';
import { checkExamples, listed } from './data-checks.ts';
import { MIN_TRAINING_EXAMPLES, splitExamples } from './dataset.ts';
import { openPicture, pictureReason } from './decode-picture.ts';
import type { DatasetSource } from './detect.ts';
import { SkippedItems } from './examples.ts';
import { DECODERS, type ImageFile, imageGroups, listImages } from './image-folder.ts';
import { type Look, type PartialPreview, skippedItems, splitOverview } from './preview-parts.ts';

/** Pictures that are opened, spread over all. */
const MAX_OPENED = 200;
/** Longest side of a small picture, pixels. */
const THUMBNAIL_SIDE = 72;
const THUMBNAIL_QUALITY = 60;
/** Most files of equal size whose content is compared. */
const MAX_COMPARED = 2_000;

type Pictures = NonNullable<DataPreview['pictures']>;
type Folder = Extract<DatasetSource, { kind: 'images' }>;

/** Looks at a folder of class folders: how many of each, what they look like, and which of them are broken. */
export async function previewPictures({
  source,
  task,
  seed,
  onProgress,
}: Look<Folder>): Promise<PartialPreview> {
  // By folder: those that the task does not know are counted, too.
  const { files } = await listImages(source, source.classFolders);
  const names = source.classFolders.map((name) => name.normalize('NFC'));
  const opened = await openSome(source.folder, files, names, onProgress);
  const countOf = (name: string) => files.filter(({ label }) => names[label] === name).length;
  const common = {
    unit: 'picture' as const,
    examples: files.length,
    isWhole: opened.pictures.opened === files.length,
    skipped: opened.skipped.count,
    skippedItems: skippedItems(opened.skipped.listed),
    pictures: opened.pictures,
  };
  const same = await sameInTwoClasses(source.folder, files);
  const found = names.map((name) => ({ name, count: countOf(name) }));
  const classes = found.slice(0, PREVIEW_LIMITS.classes);
  if (task === null) return { ...common, classes, checks: same };
  const known = new Set(task.classes.map((name) => name.normalize('NFC')));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const detail = `not a class of the task: ${unknown.map((name) => `"${name}"`).join(', ')}`.slice(0, 2000);
    const checks: DataCheck[] = [{ kind: 'unknown-classes', names: listed(unknown) }, ...same];
    return { ...common, classes, checks, problem: { code: 'dataset/mismatch', detail } };
  }
  return {
    ...common,
    ...describeUse(source.folder, { files, names, task, seed, skipped: opened.skipped.count, same }),
  };
}

/** What the task would make of the pictures. */
function describeUse(
  folder: string,
  {
    files,
    names,
    task,
    seed,
    skipped,
    same,
  }: {
    readonly files: readonly ImageFile[];
    readonly names: readonly string[];
    readonly task: Task;
    readonly seed: number;
    readonly skipped: number;
    readonly same: readonly DataCheck[];
  },
): PartialPreview {
  if (task.input.kind !== 'image') {
    return {
      problem: { code: 'dataset/mismatch', detail: `the task needs a ${task.input.kind}, not images` },
    };
  }
  const classes = task.classes.map((name) => name.normalize('NFC'));
  const labels = Uint16Array.from(files, ({ label }) => classes.indexOf(names[label]!));
  const groupOf = imageGroups(splitOf(task));
  const groups = groupOf === null ? undefined : files.map(({ path }) => groupOf(relative(folder, path)));
  const { validationShare } = task.training;
  const split = splitExamples({ labels, ...(groups && { groups }) }, { validationShare, seed });
  const isTooSmall = split.training.length < MIN_TRAINING_EXAMPLES;
  return {
    classes: task.classes.slice(0, PREVIEW_LIMITS.classes).map((name, label) => ({
      name,
      count: labels.filter((other) => other === label).length,
    })),
    problem: isTooSmall ? { code: 'dataset/too-small', detail: `${files.length} pictures` } : null,
    split: splitOverview(task, split, groups),
    checks: [...same, ...checkExamples({ task, labels, split, skipped })],
  };
}

/** Opens pictures spread over all classes; keeps the first of each small, to be shown. */
async function openSome(
  folder: string,
  files: readonly ImageFile[],
  names: readonly string[],
  onProgress: Look['onProgress'],
): Promise<{ pictures: Pictures; skipped: SkippedItems }> {
  const skipped = new SkippedItems();
  const samples: Pictures['samples'] = [];
  let smallest: Pictures['smallest'] = null;
  let largest: Pictures['largest'] = null;
  const chosen = spread(files);
  const results = await openEach(chosen, onProgress);
  for (const [index, { path, label }] of chosen.entries()) {
    const result = results[index]!;
    if (typeof result === 'string') {
      skipped.add(relative(folder, path), result);
      continue;
    }
    const { thumbnail, ...size } = result;
    if (smallest === null || area(size) < area(smallest)) smallest = size;
    if (largest === null || area(size) > area(largest)) largest = size;
    if (samples.length < PREVIEW_LIMITS.samples) {
      const name = relative(folder, path).slice(-1000);
      samples.push({ path: name, className: names[label]!.slice(0, 200), thumbnail });
    }
  }
  return { pictures: { opened: chosen.length, smallest, largest, samples }, skipped };
}

/** Opens several at a time. @returns for each the small picture, or why it could not be opened */
async function openEach(
  files: readonly ImageFile[],
  onProgress: Look['onProgress'],
): Promise<(OpenedPicture | string)[]> {
  const results: (OpenedPicture | string)[] = [];
  let next = 0;
  let done = 0;
  const openInTurn = async () => {
    for (let index = next++; index < files.length; index = next++) {
      results[index] = await openOne(files[index]!.path).catch(pictureReason);
      done += 1;
      onProgress?.(done, files.length);
    }
  };
  await Promise.all(Array.from({ length: DECODERS }, openInTurn));
  return results;
}

/** Some of the files, class by class in turn, evenly over each. */
function spread(files: readonly ImageFile[]): ImageFile[] {
  const byClass = [...Map.groupBy(files, ({ label }) => label).values()];
  const each = Math.max(1, Math.floor(MAX_OPENED / Math.max(1, byClass.length)));
  const chosen = byClass.map((own) => {
    const count = Math.min(each, own.length);
    return Array.from({ length: count }, (_, index) => own[Math.floor((index * own.length) / count)]!);
  });
  const inTurn = Array.from({ length: each }, (_, turn) => chosen.map((own) => own[turn]));
  return inTurn.flat().filter((file) => file !== undefined);
}

interface OpenedPicture {
  readonly width: number;
  readonly height: number;
  /** null where it would be too large. */
  readonly thumbnail: string | null;
}

async function openOne(path: string): Promise<OpenedPicture> {
  const picture = await openPicture(path);
  // All of it is unpacked: a broken end shows only then.
  const small = picture
    .clone()
    .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside', withoutEnlargement: true });
  const bytes = await small.flatten({ background: 'white' }).jpeg({ quality: THUMBNAIL_QUALITY }).toBuffer();
  const { width, height } = await picture.metadata();
  const thumbnail = `data:image/jpeg;base64,${bytes.toString('base64')}`;
  return {
    width,
    height,
    thumbnail: thumbnail.length <= PREVIEW_LIMITS.thumbnailCharacters ? thumbnail : null,
  };
}

function area({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height;
}

/** Pictures that lie in two classes, byte by byte the same. Only files of equal size are read. */
async function sameInTwoClasses(folder: string, files: readonly ImageFile[]): Promise<DataCheck[]> {
  const suspects = [...Map.groupBy(files, ({ sizeBytes }) => sizeBytes).values()]
    .filter((own) => new Set(own.map(({ label }) => label)).size > 1)
    .flat()
    .slice(0, MAX_COMPARED);
  const byContent = new Map<string, ImageFile[]>();
  for (const file of suspects) {
    const content = await readFile(file.path).catch(() => null);
    if (content === null || content.length === 0) continue;
    const digest = hash('sha256', content);
    byContent.set(digest, [...(byContent.get(digest) ?? []), file]);
  }
  const pairs = [...byContent.values()].filter((own) => new Set(own.map(({ label }) => label)).size > 1);
  const first = pairs[0];
  if (first === undefined) return [];
  const other = first.find(({ label }) => label !== first[0]!.label)!;
  const nameOf = ({ path }: ImageFile) => relative(folder, path).slice(-200);
  return [{ kind: 'same-in-two-classes', count: pairs.length, one: nameOf(first[0]!), other: nameOf(other) }];
}
