import os from 'node:os';
import type { Language } from '@genba/shared/errors/catalogue';
import type { LocalCommand } from '@genba/shared/local-api/messages';
import { deciderName, PLANT_MODELS, type PlantModel } from '@genba/shared/local-api/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Agent } from '../agent.ts';
import { systemLanguage } from '../command-language.ts';
import { askAgent, askModels, readAgentStatus } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { modelText } from './model-text.ts';

interface Choices {
  readonly data: string;
  readonly use?: PlantModel | 'in-use';
  readonly automatic?: true;
  readonly by: string;
  readonly json?: true;
  readonly lang: Language;
}

type Wish = Extract<LocalCommand, { command: 'use-model' | 'automatic-model' }>;

/** Adds the command that shows the plant's models, and decides about them. It works while the agent runs and while it does not. */
export function addModelCommand(program: Command, host: CommandHost): void {
  program
    .command('model')
    .description('show which model judges new parts and how good the others are, or decide which one does')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .addOption(
      new Option('--use <model>', 'use this one from now on; in-use keeps the one there is')
        .choices([...PLANT_MODELS, 'in-use'])
        .conflicts('automatic'),
    )
    .option('--automatic', 'let the agent decide again')
    .option('--by <name>', 'who decides', nameOf, os.userInfo().username)
    .option('--json', 'all of it as JSON')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (choices: Choices) => {
      const { data, json, lang } = choices;
      const wish = wishOf(choices);
      const { report, classes } = await onAgent(data, host, {
        running: async (endpoint) => {
          if (wish !== null) await askAgent(endpoint, wish);
          const { task } = await readAgentStatus(endpoint);
          return { report: await askModels(endpoint), classes: task?.classes ?? [] };
        },
        stopped: async (agent: Agent) => {
          if (wish !== null) await agent.execute(wish);
          return { report: agent.answers.models(), classes: agent.status().task?.classes ?? [] };
        },
      });
      if (json) host.print(JSON.stringify(report, null, 2));
      else for (const line of modelText(report, classes, lang)) host.print(line);
    });
}

function wishOf({ use, automatic, by }: Choices): Wish | null {
  if (use !== undefined) return { id: 1, command: 'use-model', model: use, by };
  return automatic ? { id: 1, command: 'automatic-model', by } : null;
}

function nameOf(text: string): string {
  const name = deciderName.safeParse(text);
  if (name.success) return name.data;
  throw new InvalidArgumentError('a name of 1 to 100 characters');
}
