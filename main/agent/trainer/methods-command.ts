import type { Language } from '@genba/shared/errors/catalogue';
import { methodSentences } from '@genba/shared/local-api/method-sentences';
import { BACKEND_NAMES, type MethodName } from '@genba/shared/local-api/methods';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { askAgent, askMethods } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';

/** The wish for no method in particular. */
const FASTEST = 'fastest';

interface Choices {
  readonly data: string;
  readonly use?: MethodName | typeof FASTEST;
  readonly measure?: true;
  readonly json?: true;
  readonly lang: Language;
}

/** Adds the command that shows how fast this PC trains by each method, and chooses one. */
export function addMethodsCommand(program: Command, host: CommandHost): void {
  program
    .command('methods')
    .description('show how fast this PC trains with its graphics processor and without, or choose how')
    .addOption(new Option('--use <name>', 'train this way from now on').choices([...BACKEND_NAMES, FASTEST]))
    .option('--measure', 'measure again before the next round')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--json', 'all there is to say, as JSON')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async ({ data, use, measure, json, lang }: Choices) => {
      const method = use === undefined || use === FASTEST ? null : use;
      const report = await onAgent(data, host, {
        running: async (endpoint) => {
          if (use !== undefined) await askAgent(endpoint, { id: 1, command: 'set-method', method });
          if (measure) await askAgent(endpoint, { id: 1, command: 'measure-methods' });
          return askMethods(endpoint);
        },
        stopped: async (agent) => {
          if (use !== undefined) await agent.execute({ id: 1, command: 'set-method', method });
          if (measure) await agent.execute({ id: 1, command: 'measure-methods' });
          return agent.answers.methods();
        },
      });
      if (json) host.print(JSON.stringify(report));
      else for (const line of methodSentences(report, lang)) host.print(line);
    });
}
