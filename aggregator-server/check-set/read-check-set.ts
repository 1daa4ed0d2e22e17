import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError } from '@genba/shared/errors/app-error';
import { BadIdx, type IdxArray, parseIdx } from '@genba/shared/model/idx';
import { inputShape } from '@genba/shared/model/layers';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { errorCodeOf } from '../store/storage-error.ts';

/** Held-out examples that every update is judged on. */
export interface CheckSet {
  /** As they enter the model, example after example: bytes are pixels that count as 0 to 1. */
  readonly inputs: Uint8Array | Float32Array;
  readonly labels: Uint8Array | Int32Array;
}

/** Names of the files in a check set's folder, with `.gz` or without. */
const INPUTS = /^(.*[^a-z])?(images|inputs)([^a-z].*)?$/i;
const LABELS = /^(.*[^a-z])?labels([^a-z].*)?$/i;

/** Largest unpacked file, bytes: a small .gz must not fill the memory. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * Reads a check set: a folder with one IDX file of inputs and one of labels, such as `images-idx3-ubyte` and
 * `labels-idx1-ubyte`.
 * Shapes: inputs `[example, …]`, the rest in all as many values as the model has inputs; labels `[example]`, index of a
 *   class each.
 * Units: inputs are bytes (an image task's pixels, 0 to 255) or float32 as they enter the model.
 * @throws AppError `check-set/unusable`, its detail naming the file and what is wrong
 */
export async function readCheckSet(folder: string, task: Task): Promise<CheckSet> {
  if (objectiveOf(task).kind !== 'classification')
    throw unusable(folder, 'the task has no classes to judge by');
  const names = await readdir(folder).catch((cause) => {
    throw unusable(folder, `cannot be read: ${errorCodeOf(cause) ?? String(cause)}`, cause);
  });
  const inputsName = onlyOne(folder, names, INPUTS, 'inputs');
  const labelsName = onlyOne(folder, names, LABELS, 'labels');
  const inputs = await readIdxFile(folder, inputsName);
  const labels = await readIdxFile(folder, labelsName);
  const [examples = 0] = inputs.lengths;
  const inputsPerExample = inputShape(task.input).reduce((product, length) => product * length, 1);
  const wrongInputs = reasonAgainstInputs(inputs, inputsPerExample, task);
  if (wrongInputs !== null) throw unusable(folder, `${inputsName}: ${wrongInputs}`);
  const wrongLabels = reasonAgainstLabels(labels, examples, task.classes.length);
  if (wrongLabels !== null) throw unusable(folder, `${labelsName}: ${wrongLabels}`);
  return { inputs: inputs.values as CheckSet['inputs'], labels: labels.values as CheckSet['labels'] };
}

function reasonAgainstInputs(
  { kind, lengths, values }: IdxArray,
  perExample: number,
  task: Task,
): string | null {
  const [examples = 0, ...shape] = lengths;
  if (examples === 0) return 'no examples';
  const found = shape.reduce((product, length) => product * length, 1);
  if (found !== perExample) return `${found} values per example, the model takes ${perExample}`;
  if (kind === 'int32') return 'whole numbers; bytes or float32 are needed';
  if (kind === 'uint8' && task.input.kind !== 'image') return 'bytes; columns are float32';
  return values.every((value) => Number.isFinite(value)) ? null : 'a value that is not a number';
}

function reasonAgainstLabels(
  { kind, lengths, values }: IdxArray,
  examples: number,
  classes: number,
): string | null {
  if (kind === 'float32' || lengths.length !== 1) return 'not a list of whole numbers';
  if (values.length !== examples) return `${values.length} labels for ${examples} examples`;
  const beyond = values.findIndex((label) => label < 0 || label >= classes);
  return beyond === -1 ? null : `label ${beyond + 1} is none of the task's ${classes} classes`;
}

function onlyOne(folder: string, names: readonly string[], pattern: RegExp, what: string): string {
  const found = names.filter((name) => !name.startsWith('.') && pattern.test(name));
  if (found.length === 1) return found[0]!;
  throw unusable(folder, `${found.length} files of ${what}, one is needed`);
}

async function readIdxFile(folder: string, name: string): Promise<IdxArray> {
  try {
    const bytes = await readFile(join(folder, name));
    const isPacked = name.toLowerCase().endsWith('.gz');
    return parseIdx(isPacked ? await promisify(gunzip)(bytes, { maxOutputLength: MAX_FILE_BYTES }) : bytes);
  } catch (cause) {
    const reason =
      cause instanceof BadIdx ? cause.message : `cannot be read: ${errorCodeOf(cause) ?? String(cause)}`;
    throw unusable(folder, `${name}: ${reason}`, cause);
  }
}

function unusable(folder: string, reason: string, cause?: unknown): AppError {
  return new AppError('check-set/unusable', { detail: `${folder}: ${reason}`, cause });
}
