import type { Language } from '@genba/shared/errors/catalogue';
import type { LedgerEntry, LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { askLedger } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { ledgerText } from './ledger-text.ts';
import { momentOf } from './moments.ts';

interface Choices {
  readonly data: string;
  readonly since?: string;
  readonly until?: string;
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
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async ({ data, since, until, lang }: Choices) => {
      const of = { since: since ?? null, until: until ?? null };
      const { entries, keptSince } = await onAgent(data, host, {
        running: (endpoint) => allPages(of, (query) => askLedger(endpoint, query)),
        stopped: (agent) => allPages(of, (query) => Promise.resolve(agent.readLedger(query))),
      });
      host.print(ledgerText(entries, keptSince, lang));
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
