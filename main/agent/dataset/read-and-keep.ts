import { join } from 'node:path';
import type { Task } from '@genba/shared/model/task';
import type { Examples } from '../../trainer/messages.ts';
import { type Dataset, type LoadDatasetOptions, loadCheckSet, loadDataset } from './dataset.ts';
import { DriftRecord } from './drift/drift-record.ts';
import { ExampleParts } from './example-parts.ts';
import type { ReadOptions } from './examples.ts';
import { ExamplesFolder, type KeptDataset } from './kept-examples.ts';
import type { LabelledPicture } from './source-files.ts';

/** What to read, and where to keep it. */
export interface ReadingJob {
  readonly dataFolder: string;
  readonly dataset: string;
  readonly checkSet: string | null;
  /** Pictures beside those in the class folders; left out: none. */
  readonly labelled?: readonly LabelledPicture[];
  readonly task: Task;
  readonly seed: number;
  /** What the examples depend on beside their files. */
  readonly reading: string;
  /** Of the files as they were just seen. */
  readonly fingerprint: string;
}

/** Examples that could not be kept on disk, and why. */
export interface UnkeptReading {
  readonly about: Pick<KeptDataset, 'reading' | 'fingerprint' | 'readAt'>;
  readonly dataset: Dataset;
  readonly check: Examples['check'];
  readonly cause: unknown;
}

/**
 * Reads a dataset, unchanged pictures from what was kept before, and keeps it.
 * @returns what is kept; or the examples themselves, where the disk did not take them
 * @throws AppError as `loadDataset`
 */
export async function readAndKeep(
  job: ReadingJob,
  onProgress?: ReadOptions['onProgress'],
): Promise<KeptDataset | UnkeptReading> {
  const { reading, fingerprint, task, seed, checkSet, labelled } = job;
  const folder = new ExamplesFolder(job.dataFolder);
  const before = folder.read();
  const canReuse = before !== null && decodesAlike(before.reading, reading);
  const decoded = canReuse ? await folder.openDecoded(before) : null;
  const parts = new ExampleParts(join(folder.path, `parts-${seed}`));
  try {
    const readAt = new Date().toISOString();
    const observe: LoadDatasetOptions['observe'] = (examples, fresh) => {
      try {
        new DriftRecord(folder.path).observe(examples, { task, fresh, at: readAt });
      } catch {
        // The disk takes nothing: what is kept next will say so. Nobody trains worse for it.
      }
    };
    const dataset = await loadDataset(job.dataset, task, {
      seed,
      parts,
      decoded,
      observe,
      onProgress,
      labelled,
    });
    const check = checkSet === null ? null : await loadCheckSet(checkSet, task, dataset.statistics);
    const about = { reading, fingerprint, readAt };
    try {
      // The parts first: examples that are trained on must be known as such.
      parts.save();
      return await folder.keep({ ...about, dataset, check });
    } catch (cause) {
      return { about, dataset, check, cause };
    }
  } finally {
    await decoded?.close();
  }
}

/** Whether pixels of one reading are as good in the other: all but the input may differ. */
function decodesAlike(one: string, other: string): boolean {
  const input = (reading: string) => JSON.stringify((JSON.parse(reading) as unknown[])[3]);
  return input(one) === input(other);
}
