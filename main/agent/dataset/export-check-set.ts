import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { idxHeader } from '@genba/shared/model/idx';
import { inputShape } from '@genba/shared/model/layers';
import { unscaleTarget } from '@genba/shared/model/target-scale';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { ExampleSet } from '../../trainer/messages.ts';
import { loadCheckSet, loadDataset } from './dataset.ts';

/** Names by which the aggregator finds the two files. */
const INPUTS_NAME = 'inputs.idx';
const LABELS_NAME = 'labels.idx';

/** Largest class index that a label of one byte holds. */
const MAX_BYTE = 255;

export interface CheckSetExport {
  readonly task: Task;
  /** The plant's data: its validation part is taken, or it standardises `check`. */
  readonly dataset?: string;
  /** Held-out data to take whole. */
  readonly check?: string;
  /** New or empty folder. */
  readonly to: string;
  /** Of the split into training and validation part; the task's own when left out. */
  readonly seed?: number;
}

/** What was written. */
export interface ExportedCheckSet {
  readonly examples: number;
  /** Examples of each class, in the order of the task's classes; none where a number is learnt. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
}

/**
 * Writes held-out examples in the form in which an aggregator judges updates on them: as they enter the model, read,
 * split and standardised as an agent does it.
 * @throws AppError `dataset/*`, `operation/target-not-empty`, `operation/target-not-writable`; RangeError where a table's
 *   or a series' check data comes without the dataset that standardises it, or neither is given
 */
export async function exportCheckSet(wish: CheckSetExport): Promise<ExportedCheckSet> {
  const { task, to } = wish;
  const heldOut = await heldOutExamples(wish);
  if (heldOut.labels.length === 0)
    throw new AppError('dataset/too-small', { detail: 'no held-out examples' });
  await requireEmptyFolder(to);
  await writeWhole(to, INPUTS_NAME, inputsFile(heldOut, task));
  // The aggregator takes no folder without labels, so a run that was cut off leaves nothing that looks whole.
  await writeWhole(to, LABELS_NAME, labelsFile(heldOut, task));
  const counts = new Array<number>(task.classes.length).fill(0);
  for (const label of heldOut.labels) counts[label]! += 1;
  return {
    examples: heldOut.labels.length,
    classes: task.classes.map((name, label) => ({ name, count: counts[label]! })),
  };
}

async function heldOutExamples({ task, dataset, check, seed }: CheckSetExport): Promise<ExampleSet> {
  const needsStatistics = task.input.kind !== 'image';
  if (check === undefined || needsStatistics) {
    if (dataset === undefined) throw new RangeError('a dataset is needed');
    const { validation, statistics } = await loadDataset(dataset, task, { seed });
    return check === undefined ? validation : loadCheckSet(check, task, statistics);
  }
  return loadCheckSet(check, task);
}

function inputsFile({ inputs, labels }: ExampleSet, task: Task): Uint8Array {
  const lengths = [labels.length, ...inputShape(task.input)];
  if (inputs instanceof Uint8Array) return Buffer.concat([idxHeader('uint8', lengths), inputs]);
  return numbersFile(inputs, lengths);
}

function numbersFile(numbers: Float32Array, lengths: readonly number[]): Uint8Array {
  const values = Buffer.alloc(numbers.byteLength);
  numbers.forEach((value, index) => {
    values.writeFloatBE(value, 4 * index);
  });
  return Buffer.concat([idxHeader('float32', lengths), values]);
}

function labelsFile({ labels, targets }: ExampleSet, task: Task): Uint8Array {
  const objective = objectiveOf(task);
  if (objective.kind === 'regression') {
    // In the unit of the target: the file says what was measured, not what a model makes of it.
    const measured = targets!.map((target) => unscaleTarget(target, objective.range));
    return numbersFile(measured, [labels.length]);
  }
  if (task.classes.length <= MAX_BYTE + 1)
    return Buffer.concat([idxHeader('uint8', [labels.length]), Uint8Array.from(labels)]);
  const values = Buffer.alloc(4 * labels.length);
  labels.forEach((label, index) => {
    values.writeInt32BE(label, 4 * index);
  });
  return Buffer.concat([idxHeader('int32', [labels.length]), values]);
}

async function requireEmptyFolder(folder: string): Promise<void> {
  let names: string[];
  try {
    await mkdir(folder, { recursive: true });
    names = await readdir(folder);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
  if (names.length > 0)
    throw new AppError('operation/target-not-empty', { detail: `${folder} holds ${names[0]}` });
}

async function writeWhole(folder: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.incomplete`);
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, join(folder, name));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(folder, cause);
  }
}

function notWritable(folder: string, cause: unknown): AppError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new AppError('operation/target-not-writable', { detail: `${folder}: ${reason}`, cause });
}
