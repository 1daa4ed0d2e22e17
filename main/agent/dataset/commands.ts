import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { parseTask, type Task } from '@genba/shared/model/task';
import { type Command, InvalidArgumentError } from 'commander';
import { exportCheckSet } from './export-check-set.ts';

const MAX_SEED = 0xffff_ffff;

interface ExportChoices {
  readonly taskFile: string;
  readonly dataset?: string;
  readonly check?: string;
  readonly to: string;
  readonly seed?: number;
}

/** Adds what concerns data to the program. @param print shows one line on standard output */
export function addDatasetCommands(program: Command, print: (text: string) => void): void {
  program
    .command('export-check-set')
    .description('write held-out examples for an aggregator’s --check-set, as the agent would read them')
    .requiredOption('--task-file <file>', 'task file (JSON), as the aggregator has it')
    .option('--dataset <path>', 'data as for training: its validation part is written')
    .option('--check <path>', 'held-out data to write whole instead; of a table, --dataset standardises it')
    .requiredOption(
      '--to <folder>',
      'new or empty folder; the examples in it can be read by anybody who has it',
    )
    .option('--seed <number>', 'seed of the split (default: the task’s)', readSeed)
    .action(async ({ taskFile, to, dataset, check, seed }: ExportChoices, command: Command) => {
      const task = await readTaskFile(taskFile);
      if (dataset === undefined && (check === undefined || task.input.kind === 'table'))
        command.error('error: --dataset is needed');
      const folder = path.resolve(to);
      const { examples, classes } = await exportCheckSet({ task, dataset, check, to: folder, seed });
      const counts = classes.map(({ name, count }) => `${name} ${count}`).join(', ');
      print(`${examples} examples (${counts}): ${folder}`);
      print(`genba-aggregator … --check-set "${task.id}=${folder}"`);
      print('This folder holds examples of this plant. It leaves the PC only if you copy it.');
      print('このフォルダーには拠点のデータが入っています。コピーしない限り、このパソコンの外には出ません。');
    });
}

/** @throws AppError `task/invalid` */
async function readTaskFile(file: string): Promise<Task> {
  const invalid = (reason: string, cause: unknown) =>
    new AppError('task/invalid', { detail: `${file}: ${reason}`, cause });
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(cause.code === 'ENOENT' ? 'no such file' : `cannot be read: ${cause.code}`, cause);
  });
  let json: unknown;
  try {
    // Windows editors begin a file with a byte order mark.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid('not JSON', cause);
  }
  try {
    return parseTask(json);
  } catch (thrown) {
    throw thrown instanceof AppError ? invalid(thrown.detail ?? '', thrown) : thrown;
  }
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > MAX_SEED)
    throw new InvalidArgumentError(`a whole number from 0 to ${MAX_SEED}`);
  return seed;
}
