import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError } from '@genba/shared/errors/app-error';
import { BadIdx, type IdxArray, parseIdx } from '@genba/shared/model/idx';
import { inputWidth } from '@genba/shared/model/layers';
import { scaleTarget } from '@genba/shared/model/target-scale';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { errorCodeOf } from '../store/storage-error.ts';
import { metricOf, spreadOf } from './check-scorer.ts';
import { type CheckSet, inputsOf } from './check-set.ts';

/** Names of the files in a check set's folder, with `.gz` or without. */
const INPUTS = /^(.*[^a-z])?(images|inputs)([^a-z].*)?$/i;
const LABELS = /^(.*[^a-z])?labels([^a-z].*)?$/i;

/** Largest unpacked file, bytes: a small .gz must not fill the memory. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * Reads a check set: a folder with one IDX file of inputs and one of labels, such as `images-idx3-ubyte` and
 * `labels-idx1-ubyte`.
 * Shapes: inputs `[example, …]`, the rest in all as many values as the model has inputs; labels `[example]`, index of a
 *   class each, or the number that is learnt.
 * Units: inputs are bytes (an image task's pixels, 0 to 255) or float32 as they enter the model; numbers are in the unit of
 *   the target.
 * @throws AppError `check-set/unusable`, its detail naming the file and what is wrong
 */
export async function readCheckSet(folder: string, task: Task): Promise<CheckSet> {
  const names = await readdir(folder).catch((cause) => {
    throw unusable(folder, `cannot be read: ${errorCodeOf(cause) ?? String(cause)}`, cause);
  });
  const inputsName = onlyOne(folder, names, INPUTS, 'inputs');
  const labelsName = onlyOne(folder, names, LABELS, 'labels');
  const inputs = await readIdxFile(folder, inputsName);
  const labels = await readIdxFile(folder, labelsName);
  const [examples = 0] = inputs.lengths;
  const wrongInputs = reasonAgainstInputs(inputs, inputWidth(task.input), task);
  if (wrongInputs !== null) throw unusable(folder, `${inputsName}: ${wrongInputs}`);
  const objective = objectiveOf(task);
  const isNumber = objective.kind === 'regression';
  const wrongLabels = isNumber
    ? reasonAgainstTargets(labels, examples)
    : reasonAgainstLabels(labels, examples, task.classes.length);
  if (wrongLabels !== null) throw unusable(folder, `${labelsName}: ${wrongLabels}`);
  const set = {
    inputs: inputs.values as CheckSet['inputs'],
    labels: isNumber
      ? Float32Array.from(labels.values, (value) => scaleTarget(value, objective.range))
      : labels.values,
  };
  const useless = reasonAgainstJudging(set, task);
  if (useless !== null) throw unusable(folder, useless);
  return set;
}

/** Why no model would be better or worse on a set. */
function reasonAgainstJudging(set: CheckSet, task: Task): string | null {
  switch (metricOf(task, set)) {
    case 'accuracy':
    case 'balanced-accuracy':
      return null;
    case 'r-squared':
      return spreadOf(set.labels, 1) > 0 ? null : 'all numbers are alike: nothing can be told by them';
    case 'separation':
      return set.labels.includes(0) ? null : `no example is "${task.classes[0]}"`;
    case 'reconstruction': {
      const width = inputWidth(task.input);
      const inputs = inputsOf(set, 0, set.labels.length, width);
      return spreadOf(inputs, width) > 0 ? null : 'all examples are alike: nothing can be told by them';
    }
  }
}

function reasonAgainstTargets({ kind, lengths, values }: IdxArray, examples: number): string | null {
  if (kind !== 'float32' || lengths.length !== 1) return 'not a list of float32';
  if (values.length !== examples) return `${values.length} numbers for ${examples} examples`;
  return values.every((value) => Number.isFinite(value)) ? null : 'a value that is not a number';
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
