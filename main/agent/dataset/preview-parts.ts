import { toAppError } from '@genba/shared/errors/app-error';
import { type DataPreview, PREVIEW_LIMITS } from '@genba/shared/local-api/preview';
import { splitOf, type Task } from '@genba/shared/model/task';
import { checkExamples, constantColumns } from './data-checks.ts';
import { MIN_TRAINING_EXAMPLES, splitExamples } from './dataset.ts';
import type { DatasetSource } from './detect.ts';
import type { ReadExamples, ReadOptions } from './examples.ts';
import type { Split } from './split.ts';

/** Most rows of tables that are looked at: as many as are read in a few seconds. */
export const MAX_PREVIEW_ROWS = 200_000;

/** What a look at one kind of data gives beside what is alike for all. */
export type PartialPreview = Partial<DataPreview>;

/** What a look works on. */
export interface Look<Source extends DatasetSource = DatasetSource> {
  readonly source: Source;
  readonly task: Task | null;
  readonly seed: number;
  readonly onProgress?: ReadOptions['onProgress'];
}

/** What there is to say of examples that were read. */
export function describeExamples(
  found: ReadExamples,
  { task, seed }: { readonly task: Task; readonly seed: number },
): PartialPreview {
  const { examples, skipped, groups } = found;
  const { validationShare } = task.training;
  const { labels, inputs } = examples;
  const split = splitExamples({ ...found, labels }, { validationShare, seed });
  const columns = task.input.kind === 'image' ? [] : task.input.columns;
  const isTooSmall = split.training.length < MIN_TRAINING_EXAMPLES;
  const detail = `${split.training.length} training examples, ${skipped.count} skipped`;
  return {
    examples: labels.length,
    classes: task.classes.slice(0, PREVIEW_LIMITS.classes).map((name, label) => ({
      name,
      count: labels.reduce((count, other) => (other === label ? count + 1 : count), 0),
    })),
    skipped: skipped.count,
    skippedItems: skippedItems(skipped.listed),
    problem: isTooSmall ? { code: 'dataset/too-small', detail } : null,
    split: splitOverview(task, split, groups),
    checks: [
      ...(inputs instanceof Float32Array ? constantColumns(inputs, columns) : []),
      ...checkExamples({ task, labels, split, skipped: skipped.count }),
    ],
  };
}

/** How examples would be divided, in figures. */
export function splitOverview(
  task: Task,
  { training, validation }: Split,
  groups: readonly string[] | undefined,
): DataPreview['split'] {
  const split = splitOf(task);
  const groupsOf = (places: readonly number[]) => new Set(places.map((place) => groups![place])).size;
  return {
    by: split.by === 'example' && task.input.kind === 'series' ? 'time' : split.by,
    column: 'column' in split ? split.column : null,
    training: training.length,
    validation: validation.length,
    groups: groups ? { training: groupsOf(training), validation: groupsOf(validation) } : null,
  };
}

/** The first skipped items, each cut to what a preview holds. */
export function skippedItems(
  items: readonly { item: string; reason: string }[],
): DataPreview['skippedItems'] {
  return items.slice(0, PREVIEW_LIMITS.skipped).map(({ item, reason }) => ({
    item: item.slice(0, 300),
    reason: reason.slice(0, 300),
  }));
}

/** An error as a preview tells it. */
export function problemOf(thrown: unknown): NonNullable<DataPreview['problem']> {
  const { code, detail } = toAppError(thrown);
  return { code, detail: detail?.slice(0, 2000) ?? null };
}
