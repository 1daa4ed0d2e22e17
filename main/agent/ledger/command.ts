import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { LedgerEntry, LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import { type Command, Option } from 'commander';
import { writeDurably } from '../../durable-file/durable-file.ts';
import { systemLanguage } from '../command-language.ts';
import { askLedger } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { ledgerCsv, ledgerText } from './ledger-text.ts';
import { momentOf } from './moments.ts';
import { LEDGER_WORDS } from './words.ts';

interface Choices {
  readonly data: string;
  readonly since?: string;
  readonly until?: string;
  readonly csv?: string;
  readonly lang: Language;
}

/** Adds the command that shows what left this PC. It works while the agent runs and while it does not. */
export function addLedgerCommand(program: Command, host: CommandHost): void {
  program
    .command('ledger')
    .description('show what left this PC: when, how many bytes, of which rounds, to whom')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--since <day>', 'from this day or moment on', (typed) => momentOf(typed, 0))
    .option('--until <day>', 'up to this day, which counts whole, or moment', (typed) => momentOf(typed, 1))
    .option('--csv <file>', 'write a table for spreadsheets instead')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async ({ data, since, until, csv, lang }: Choices) => {
      const of = { since: since ?? null, until: until ?? null };
      const { entries, keptSince } = await onAgent(data, host, {
        running: (endpoint) => allPages(of, (query) => askLedger(endpoint, query)),
        stopped: (agent) => allPages(of, (query) => Promise.resolve(agent.answers.ledger(query))),
      });
      if (csv === undefined) host.print(ledgerText(entries, keptSince, lang));
      else {
        const file = path.resolve(csv);
        writeTable(file, ledgerCsv(entries, lang));
        host.print(LEDGER_WORDS[lang].exported(entries.length, file));
      }
    });
}

async function allPages(
  bounds: Pick<LedgerQuery, 'since' | 'until'>,
  read: (query: LedgerQuery) => Promise<LedgerPage>,
): Promise<{ readonly entries: readonly LedgerEntry[]; readonly keptSince: string | null }> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await read({ ...bounds, after: entries.at(-1)?.entryId ?? 0 });
    entries.push(...page.entries);
    if (!page.hasMore) return { entries, keptSince: page.keptSince };
  }
}

function writeTable(file: string, content: string): void {
  try {
    writeDurably(file, content);
  } catch (cause) {
    // Excel, too, keeps a file that it shows from being replaced.
    throw new AppError('ledger/file-not-writable', { detail: file, cause });
  }
}
