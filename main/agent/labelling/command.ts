import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { Label } from '@genba/shared/local-api/labelling';
import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { writeDurably } from '../../durable-file/durable-file.ts';
import { systemLanguage } from '../command-language.ts';
import { askLabels } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';

interface Choices {
  readonly data: string;
  readonly csv?: string;
  readonly lang: Language;
}

const WORDS = {
  en: {
    columns: ['picture', 'class', 'labelled by', 'labelled at', 'taken back at', 'sha256'],
    none: 'Nobody has labelled a picture yet.',
    exported: (count: number, file: string) => `${count} labels written to ${file}`,
    takenBack: 'taken back',
  },
  ja: {
    columns: ['画像', 'クラス', '付けた人', '日時', '取り消した日時', 'sha256'],
    none: 'ラベルはまだありません。',
    exported: (count: number, file: string) => `${count}件のラベルを ${file} に書き出しました`,
    takenBack: '取り消し',
  },
} as const;

/** Adds the command that shows who labelled what. It works while the agent runs and while it does not. */
export function addLabelsCommand(program: Command, host: CommandHost): void {
  program
    .command('labels')
    .description('show who labelled which picture and when, also what was taken back')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--csv <file>', 'write a table for spreadsheets instead')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async ({ data, csv, lang }: Choices) => {
      const words = WORDS[lang];
      const labels = await onAgent(data, host, {
        running: (endpoint) => allLabels((after) => askLabels(endpoint, after)),
        stopped: (agent) => allLabels(async (after) => agent.answers.labels(after)),
      });
      if (csv !== undefined) {
        const file = path.resolve(csv);
        writeTable(file, labelTable(labels, words.columns));
        host.print(words.exported(labels.length, file));
      } else if (labels.length === 0) host.print(words.none);
      else for (const label of labels) host.print(line(label, words.takenBack));
    });
}

async function allLabels(read: (after: number) => Promise<readonly Label[]>): Promise<Label[]> {
  const labels: Label[] = [];
  for (;;) {
    const page = await read(labels.at(-1)?.labelId ?? 0);
    if (page.length === 0) return labels;
    labels.push(...page);
  }
}

function line({ name, className, labelledBy, labelledAt, undoneAt }: Label, takenBack: string): string {
  const ended = undoneAt === null ? '' : `  (${takenBack} ${undoneAt})`;
  return `${labelledAt}  ${labelledBy}  ${name}  ${className}${ended}`;
}

/** With a byte order mark, by which Excel knows UTF-8; and no cell may begin a formula. */
function labelTable(labels: readonly Label[], columns: readonly string[]): string {
  const rows = labels.map(({ name, className, labelledBy, labelledAt, undoneAt, picture }) => [
    name,
    className,
    labelledBy,
    labelledAt,
    undoneAt ?? '',
    picture,
  ]);
  return stringify([[...columns], ...rows], {
    bom: true,
    escape_formulas: true,
    record_delimiter: 'windows',
  });
}

function writeTable(file: string, content: string): void {
  try {
    writeDurably(file, content);
  } catch (cause) {
    // Excel, too, keeps a file that it shows from being replaced.
    throw new AppError('labels/file-not-writable', { detail: file, cause });
  }
}
