import path from 'node:path';
import type { Command } from 'commander';
import { askAgent } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';

interface Choices {
  readonly data: string;
  readonly to: string;
}

/** Adds the command that writes the model in use down for other programs. */
export function addExportModelCommand(program: Command, host: CommandHost): void {
  program
    .command('export-model')
    .description('write the model that judges new parts for TensorFlow.js, with how its inputs are treated')
    .requiredOption('--to <folder>', 'new or empty folder')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .action(async ({ data, to }: Choices) => {
      const target = path.resolve(to);
      const command = { id: 1, command: 'export-model', target } as const;
      await onAgent(data, host, {
        running: (endpoint) => askAgent(endpoint, command),
        stopped: (agent) => agent.execute(command),
      });
      host.print(target);
      host.print('It leaves this PC only if you copy it.');
      host.print('コピーしない限り、このパソコンの外には出ません。');
    });
}
