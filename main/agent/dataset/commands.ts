import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { DataPreview } from '@genba/shared/local-api/preview';
import { parseTask, type Task } from '@genba/shared/model/task';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { DATABASE_FILE } from '../data-folder.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { askPreview } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { exportCheckSet } from './export-check-set.ts';
import { previewData } from './preview.ts';
import { previewText } from './preview-text.ts';

const MAX_SEED = 0xffff_ffff;

interface PreviewChoices {
  readonly taskFile?: string;
  readonly data: string;
  readonly json?: true;
  readonly lang: Language;
}

interface ExportChoices {
  readonly taskFile: string;
  readonly dataset?: string;
  readonly check?: string;
  readonly to: string;
  readonly seed?: number;
}

/** Adds what concerns data to the program. @param print shows one line on standard output */
export function addDatasetCommands(program: Command, host: CommandHost): void {
  const { print } = host;
  program
    .command('preview')
    .description('show what the agent makes of training data, before anything of it is used')
    .argument('<path>', 'folder of pictures by class, folder of IDX files, CSV file, or folder of CSV files')
    .option('--task-file <file>', 'task file (JSON) to look with (default: the task of the data folder)')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--json', 'all there is to say, as JSON')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (target: string, { taskFile, data, json, lang }: PreviewChoices) => {
      const place = path.resolve(target);
      const preview =
        taskFile === undefined
          ? await previewByAgent(place, data, host)
          : await previewWithTask(place, await readTaskFile(taskFile));
      if (json) print(JSON.stringify(preview));
      else for (const line of previewText(preview, lang)) print(line);
      // A script need not read the text.
      if (preview.problem !== null) process.exitCode = exitCodeOf(preview.problem.code);
    });
  program
    .command('export-check-set')
    .description('write held-out examples for an aggregator’s --check-set, as the agent would read them')
    .requiredOption('--task-file <file>', 'task file (JSON), as the aggregator has it')
    .option('--dataset <path>', 'data as for training: its validation part is written')
    .option('--check <path>', 'held-out data to write whole instead; columns are standardised by --dataset')
    .requiredOption(
      '--to <folder>',
      'new or empty folder; the examples in it can be read by anybody who has it',
    )
    .option('--seed <number>', 'seed of the split (default: the task’s)', readSeed)
    .action(async ({ taskFile, to, dataset, check, seed }: ExportChoices, command: Command) => {
      const task = await readTaskFile(taskFile);
      if (dataset === undefined && (check === undefined || task.input.kind !== 'image'))
        command.error('error: --dataset is needed');
      const folder = path.resolve(to);
      const { examples, classes } = await exportCheckSet({ task, dataset, check, to: folder, seed });
      const counts = classes.map(({ name, count }) => `${name} ${count}`).join(', ');
      print(`${examples} examples${counts === '' ? '' : ` (${counts})`}: ${folder}`);
      print(`genba-aggregator … --check-set "${task.id}=${folder}"`);
      print('This folder holds examples of this plant. It leaves the PC only if you copy it.');
      print('このフォルダーには拠点のデータが入っています。コピーしない限り、このパソコンの外には出ません。');
    });
}

/** With the task and the seed that the agent of a data folder has, whether it runs or not. */
function previewByAgent(place: string, data: string, host: CommandHost): Promise<DataPreview> {
  if (!existsSync(path.join(data, DATABASE_FILE))) return previewData({ path: place, task: null, seed: 1 });
  return onAgent(data, host, {
    running: (endpoint) => askPreview(endpoint, place),
    stopped: (agent) => agent.answers.preview(place),
  });
}

function previewWithTask(place: string, task: Task): Promise<DataPreview> {
  return previewData({ path: place, task, seed: task.seed });
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
