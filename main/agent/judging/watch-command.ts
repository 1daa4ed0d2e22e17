import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import { usualResults, type WatchStatus } from '@genba/shared/local-api/watches';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { askAgent, askWatches } from '../local-api/ask-agent.ts';
import { findAgent } from '../local-api/find-agent.ts';
import type { CommandHost } from '../local-api/on-agent.ts';
import { resultLine } from './result-words.ts';

interface Choices {
  readonly data: string;
  readonly results?: string;
  readonly stop?: true;
  readonly json?: true;
  readonly lang: Language;
}

const WORDS = {
  en: {
    none: 'Nothing is watched.',
    table: (written: number, waiting: number) => `${written} in the table, ${waiting} waiting`,
    counts: ({ ok, ng, named, unjudged }: WatchStatus['counts'], since: string) =>
      `since ${since}: OK ${ok}, NG ${ng}, other ${named}, not judged ${unjudged}`,
    newest: (at: string, line: string) => `newest (${at}): ${line}`,
  },
  ja: {
    none: '監視中のフォルダーやファイルはありません。',
    table: (written: number, waiting: number) => `表に${written}件、判定待ち${waiting}件`,
    counts: ({ ok, ng, named, unjudged }: WatchStatus['counts'], since: string) =>
      `${since}から：OK ${ok}件、NG ${ng}件、そのほか ${named}件、判定不可 ${unjudged}件`,
    newest: (at: string, line: string) => `最新（${at}）：${line}`,
  },
} as const;

/** Adds the command for what a running agent judges as it comes. */
export function addWatchCommand(program: Command, host: CommandHost): void {
  program
    .command('judge-folder')
    .description(
      'have the running agent judge what comes: new pictures of a folder, new rows of CSV files in it, or of one CSV file that grows; without a path: show what is watched',
    )
    .argument('[path]', 'folder, or CSV file')
    .option('--results <file>', 'CSV file that results are added to (default: beside what is watched)')
    .option('--stop', 'watch it no longer')
    .option('--json', 'show what is watched as JSON')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (given: string | undefined, { data, results, stop, json, lang }: Choices) => {
      const endpoint = await findAgent(path.resolve(data));
      if (endpoint === null) throw new AppError('local/not-running');
      if (given !== undefined) {
        const watched = path.resolve(given);
        if (stop) await askAgent(endpoint, { id: 1, command: 'stop-watch', path: watched });
        else {
          const file = path.resolve(results ?? usualResults(watched, lang));
          const watch = { path: watched, results: file, language: lang };
          await askAgent(endpoint, { id: 1, command: 'start-watch', watch });
        }
      }
      const watches = await askWatches(endpoint);
      if (json) return host.print(JSON.stringify(watches));
      if (watches.length === 0) host.print(WORDS[lang].none);
      for (const watch of watches) for (const line of linesOf(watch, lang)) host.print(line);
    });
}

function linesOf(watch: WatchStatus, language: Language): string[] {
  const { path: watched, results, written, waiting, counts, since, recent, problem } = watch;
  const words = WORDS[language];
  const [newest] = recent;
  const lines = [`${watched} → ${results}  ${words.table(written, waiting)}`];
  const clock = (iso: string) => new Date(iso).toLocaleString(language);
  if (newest !== undefined) {
    lines.push(`  ${words.counts(counts, clock(since))}`);
    lines.push(`  ${words.newest(clock(newest.at), resultLine(newest.item, language))}`);
  }
  if (problem !== null) {
    const { code, detail } = problem;
    lines.push(`  ${new AppError(code).sentence(language)}${detail === null ? '' : ` (${detail})`}`);
  }
  return lines;
}
