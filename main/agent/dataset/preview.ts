import type { DataPreview } from '@genba/shared/local-api/preview';
import type { Task } from '@genba/shared/model/task';
import { readExamples } from './dataset.ts';
import { detectDataset } from './detect.ts';
import type { ReadOptions } from './examples.ts';
import { describeExamples, type Look, type PartialPreview, problemOf } from './preview-parts.ts';
import { previewPictures } from './preview-pictures.ts';
import { previewTable } from './preview-table.ts';

export interface PreviewJob {
  readonly path: string;
  /** null where it is not known yet. */
  readonly task: Task | null;
  /** Of the split. */
  readonly seed: number;
}

/**
 * Looks at a file or folder as training data, and uses nothing of it: what it is, what is in it, what of it cannot be
 * used and why, and how it would be divided. Bounded in time and memory: of pictures some are opened, of tables the first
 * `MAX_PREVIEW_ROWS` rows are read. What is wrong with the data is in the preview, not thrown.
 */
export async function previewData(
  { path, task, seed }: PreviewJob,
  onProgress?: ReadOptions['onProgress'],
): Promise<DataPreview> {
  const empty: DataPreview = {
    path,
    kind: null,
    unit: 'picture',
    isTaskKnown: task !== null,
    problem: null,
    examples: 0,
    isWhole: true,
    classes: [],
    skipped: 0,
    skippedItems: [],
    table: null,
    pictures: null,
    split: null,
    checks: [],
  };
  try {
    const source = await detectDataset(path);
    const look = { source, task, seed, onProgress };
    return { ...empty, kind: source.kind, ...(await lookAt(look)) };
  } catch (thrown) {
    return { ...empty, problem: problemOf(thrown) };
  }
}

async function lookAt(look: Look): Promise<PartialPreview> {
  const { source, task } = look;
  switch (source.kind) {
    case 'images':
      return previewPictures({ ...look, source });
    case 'csv':
      return previewTable({ ...look, source });
    case 'idx':
      return task === null ? {} : describeExamples(await readExamples(source, task), { ...look, task });
  }
}
