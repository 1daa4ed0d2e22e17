import { AppError } from '@genba/shared/errors/app-error';
import { inputShape, inputWidth } from '@genba/shared/model/layers';
import type { Task } from '@genba/shared/model/task';
import type { ExampleSet } from '../../trainer/messages.ts';
import { readSeries } from './csv-series.ts';
import { readTable } from './csv-table.ts';
import { type DatasetSource, detectDataset } from './detect.ts';
import { type ExampleParts, exampleKeys, groupKeys } from './example-parts.ts';
import { pickExamples, type ReadExamples, type ReadOptions, type SkippedItem } from './examples.ts';
import { readIdx } from './idx.ts';
import { type DecodedImages, readImageFolder } from './image-folder.ts';
import { leaveGap } from './leave-gap.ts';
import type { ReadImage } from './source-files.ts';
import { type ExamplePart, type Split, type SplitOptions, splitByClass } from './split.ts';
import { splitByGroup } from './split-by-group.ts';
import { splitByTime } from './split-by-time.ts';
import { type ColumnStatistics, columnStatistics, standardise } from './standardise.ts';
import { validationUnits } from './validation-units.ts';

/** Fewest training examples: one alone can neither be shuffled nor standardised. */
export const MIN_TRAINING_EXAMPLES = 2;

/** What a dataset holds, for the status and the log. */
export interface DatasetSummary {
  readonly path: string;
  readonly kind: DatasetSource['kind'];
  /** Examples of either part. */
  readonly training: number;
  readonly validation: number;
  /** Examples of each class in both parts, in the order of the task's classes; 0 is possible. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  /** Files or rows that could not be used. */
  readonly skipped: number;
  /** The first of them (`MAX_SKIPPED_LISTED`). */
  readonly skippedItems: readonly SkippedItem[];
}

/** Which part each picture's pixels went to, and where in it. */
export type PlacedImage = ReadImage & { readonly part: ExamplePart | null };

export interface Dataset {
  readonly training: ExampleSet;
  readonly validation: ExampleSet;
  readonly summary: DatasetSummary;
  /** By which the columns of a table were standardised; null for images. A check set needs the same. */
  readonly statistics: ColumnStatistics | null;
  /** The files of a folder of images, `place` counted within `part`; null for others. */
  readonly images: readonly PlacedImage[] | null;
}

export interface LoadDatasetOptions {
  /** Seed of the split; the task's own where absent. */
  readonly seed?: number;
  /** Where examples were before: they stay there, and the new ones are taken up. Left out: all are new. */
  readonly parts?: ExampleParts;
  /** Pictures that need not be decoded again. */
  readonly decoded?: DecodedImages | null;
  /** Is shown the examples as they were read, and the places of those that were in no part before. */
  readonly observe?: (examples: ExampleSet, fresh: readonly number[]) => void;
  /** See `ReadOptions`. */
  readonly onProgress?: ReadOptions['onProgress'];
  /** See `ReadOptions`. */
  readonly labelled?: ReadOptions['labelled'];
}

/**
 * Reads a plant's dataset and splits it: a folder of images by class, a folder with a pair of IDX files, or a CSV
 * file. The same files and seed give the same split on every machine.
 * @throws AppError `dataset/not-found`, `dataset/unrecognised`, `dataset/mismatch`, `dataset/damaged`,
 *   `dataset/too-small`
 */
export async function loadDataset(
  path: string,
  task: Task,
  { seed = task.seed, parts, decoded = null, observe, onProgress, labelled }: LoadDatasetOptions = {},
): Promise<Dataset> {
  const source = await detectDataset(path);
  const found = await readExamples(source, task, decoded, { onProgress, labelled });
  const { examples, skipped, images } = found;
  const { validationShare } = task.training;
  const keys = parts === undefined ? null : exampleKeys(examples);
  const groups = parts === undefined || found.groups === undefined ? null : groupKeys(found.groups);
  // A group that is known stays where it is, also where its earlier examples are gone.
  const before = (place: number) =>
    (groups && parts!.partOf(groups[place]!)) ?? (keys && parts!.partOf(keys[place]!));
  const split = splitExamples({ ...found, labels: examples.labels }, { validationShare, seed, before });
  if (split.training.length < MIN_TRAINING_EXAMPLES) {
    throw new AppError('dataset/too-small', {
      detail: `${split.training.length} training examples, ${skipped.count} skipped`,
    });
  }
  if (keys !== null && observe !== undefined) {
    const isNew = (place: number) => parts!.partOf(keys[place]!) === null;
    observe(
      examples,
      [...split.training, ...split.validation].filter(isNew).sort((a, b) => a - b),
    );
  }
  if (keys !== null) parts!.add(keys, split);
  if (groups !== null) parts!.add(groups, split);
  let statistics: ColumnStatistics | null = null;
  if (examples.inputs instanceof Float32Array) {
    // Of the training part only: the held-out examples must not shape what they judge.
    const [rows, columns] =
      task.input.kind === 'series' ? inputShape(task.input) : [1, inputWidth(task.input)];
    const trained = split.training.flatMap((place) => rowsOf(place, rows!));
    statistics = columnStatistics(examples.inputs, columns!, trained);
    standardise(examples.inputs, statistics);
  }
  const units = validationUnits(found, split.validation);
  return {
    training: pickExamples(examples, split.training),
    validation: {
      ...pickExamples(examples, split.validation),
      ...(units === null ? {} : { units }),
    },
    statistics,
    images: images === undefined ? null : placeImages(images, split),
    summary: {
      path,
      kind: source.kind,
      training: split.training.length,
      validation: split.validation.length,
      classes: countClasses(task, examples.labels),
      skipped: skipped.count,
      skippedItems: skipped.listed,
    },
  };
}

/**
 * Reads a whole folder or file as one set, to judge models on. May be empty.
 * @param statistics of the training part, needed for a table: `Dataset.statistics`
 * @throws AppError as {@link loadDataset}, save `dataset/too-small`; TypeError for a table without statistics
 */
export async function loadCheckSet(
  path: string,
  task: Task,
  statistics: ColumnStatistics | null = null,
): Promise<ExampleSet> {
  const { examples } = await readExamples(await detectDataset(path), task);
  if (examples.inputs instanceof Float32Array) {
    if (statistics === null) throw new TypeError('a check set of rows needs the training statistics');
    standardise(examples.inputs, statistics);
  }
  return examples;
}

/** The rows of numbers that an example consists of, by their place among all. */
function rowsOf(place: number, rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => place * rows + row);
}

/** What a split goes by. */
interface Divisible extends Pick<ReadExamples, 'groups' | 'moments' | 'overlaps'> {
  readonly labels: Uint16Array;
}

/** By what the reader found: groups that stay together, an order of time, or each example by itself. */
export function splitExamples(
  { labels, groups, moments, overlaps }: Divisible,
  options: SplitOptions,
): Split {
  const divide = () => {
    if (groups !== undefined) return splitByGroup(groups, options);
    return moments === undefined ? splitByClass(labels, options) : splitByTime(moments, options);
  };
  const { before = () => null } = options;
  return overlaps === undefined ? divide() : leaveGap(divide(), overlaps, before);
}

/** From places among all examples to places within their part. */
function placeImages(images: readonly ReadImage[], split: Split): PlacedImage[] {
  const placeOf = (part: ExamplePart) => new Map(split[part].map((place, index) => [place, index]));
  const places = { training: placeOf('training'), validation: placeOf('validation') };
  return images.map((image) => {
    if (image.place === null) return { ...image, part: null };
    const part = places.validation.has(image.place) ? 'validation' : 'training';
    return { ...image, part, place: places[part].get(image.place)! };
  });
}

/** Reads what a source holds, not yet split nor standardised. @throws AppError as {@link loadDataset} */
export async function readExamples(
  source: DatasetSource,
  task: Task,
  decoded: DecodedImages | null = null,
  options: ReadOptions = {},
): Promise<ReadExamples> {
  try {
    switch (source.kind) {
      case 'images':
        return await readImageFolder(source, task, decoded, options);
      case 'idx':
        return await readIdx(source, task);
      case 'csv':
        return await (task.input.kind === 'series' ? readSeries : readTable)(source, task, options);
    }
  } catch (thrown) {
    // What the operating system refuses (no permission, a network drive gone) is not a bug of ours.
    if (!isSystemError(thrown)) throw thrown;
    throw new AppError('dataset/damaged', { detail: `${thrown.syscall}: ${thrown.code}`, cause: thrown });
  }
}

function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown && 'errno' in thrown;
}

function countClasses(task: Task, labels: Uint16Array): DatasetSummary['classes'] {
  const counts: number[] = new Array(task.classes.length).fill(0);
  for (const label of labels) counts[label]! += 1;
  // A regression has no classes; its labels say nothing.
  return task.classes.map((name, label) => ({ name, count: counts[label]! }));
}
