import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { JudgedItem, JudgeWish } from '@genba/shared/local-api/judging';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { askJudgement } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { ResultTable } from './result-table.ts';
import { resultLine, summaryLine } from './result-words.ts';

interface Choices {
  readonly data: string;
  readonly json?: true;
  readonly csv?: string;
  readonly lang: Language;
}

/** Adds the command that has the model judge. It works while the agent runs and while it does not. */
export function addJudgeCommand(program: Command, host: CommandHost): void {
  program
    .command('judge')
    .description('have the model judge pictures, rows of CSV files, or series in them')
    .argument('<path...>', 'pictures, CSV files, or folders of them')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .addOption(new Option('--json', 'one JSON object per line').conflicts('csv'))
    .option('--csv <file>', 'write a table for spreadsheets instead')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (paths: string[], { data, json, csv, lang }: Choices) => {
      const wish: JudgeWish = {
        subject: { kind: 'paths', paths: paths.map((each) => path.resolve(each)) },
        parts: true,
      };
      const table = csv === undefined ? null : new ResultTable(path.resolve(csv), lang);
      const take = (items: readonly JudgedItem[]) => {
        if (table !== null) return table.add(items);
        for (const item of items) host.print(json ? JSON.stringify(item) : resultLine(item, lang));
      };
      const judgement = await onAgent(data, host, {
        running: (endpoint) => askJudgement(endpoint, wish, take),
        stopped: (agent) => agent.answers.judge(wish, async (items) => take(items)),
      });
      table?.close();
      if (!json) host.print(summaryLine(judgement, lang));
      // A script need not read the text.
      if (judgement.failed > 0) process.exitCode = exitCodeOf(new AppError('judging/not-all-judged').code);
    });
}
