import path from 'node:path';
import type { Command } from 'commander';
import type { CommandHost } from '../local-api/on-agent.ts';
import { predictToken, renewPredictToken } from './predict-token.ts';

interface Choices {
  readonly data: string;
  readonly renew?: true;
}

/** Adds the command that shows, or renews, what programs must show to ask for predictions. */
export function addPredictTokenCommand(program: Command, host: CommandHost): void {
  program
    .command('predict-token')
    .description('show the token that programs send with POST /predict')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--renew', 'make another one; it holds from the next start of the agent on')
    .action(({ data, renew }: Choices) => {
      const dataFolder = path.resolve(data);
      host.print(renew ? renewPredictToken(dataFolder) : predictToken(dataFolder));
    });
}
