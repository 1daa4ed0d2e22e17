import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { WatchStatus } from '@genba/shared/local-api/watches';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { askAgent, askWatches } from '../local-api/ask-agent.ts';
import { findAgent } from '../local-api/find-agent.ts';
import type { CommandHost } from '../local-api/on-agent.ts';

interface Choices {
  readonly data: string;
  readonly results?: string;
  readonly stop?: true;
  readonly lang: Language;
}

const WORDS = {
  en: {
    none: 'No folder is watched.',
    counts: (written: number, waiting: number) => `${written} in the table, ${waiting} waiting`,
  },
  ja: {
    none: '監視中のフォルダーはありません。',
    counts: (written: number, waiting: number) => `表に${written}件、判定待ち${waiting}件`,
  },
} as const;

/** Adds the command for folders whose new pictures a running agent judges. */
export function addWatchCommand(program: Command, host: CommandHost): void {
  program
    .command('judge-folder')
    .description(
      'have the running agent judge each new picture of a folder; without a folder: show what is watched',
    )
    .argument('[folder]', 'folder in which pictures arrive')
    .option('--results <file>', 'CSV file that results are added to (default: beside the folder)')
    .option('--stop', 'watch the folder no longer')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (given: string | undefined, { data, results, stop, lang }: Choices) => {
      const endpoint = await findAgent(path.resolve(data));
      if (endpoint === null) throw new AppError('local/not-running');
      if (given !== undefined) {
        const folder = path.resolve(given);
        const file = path.resolve(results ?? `${folder}.csv`);
        if (stop) await askAgent(endpoint, { id: 1, command: 'stop-watch', folder });
        else {
          const watch = { folder, results: file, language: lang };
          await askAgent(endpoint, { id: 1, command: 'start-watch', watch });
        }
      }
      const watches = await askWatches(endpoint);
      if (watches.length === 0) host.print(WORDS[lang].none);
      for (const watch of watches) host.print(line(watch, lang));
    });
}

function line({ folder, results, written, waiting, problem }: WatchStatus, language: Language): string {
  const sentence = problem === null ? '' : `  ${new AppError(problem.code).sentence(language)}`;
  return `${folder} → ${results}  ${WORDS[language].counts(written, waiting)}${sentence}`;
}
