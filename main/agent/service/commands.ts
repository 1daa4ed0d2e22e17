import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type StopOutcome, stopAgent } from '../local-api/take-over.ts';
import type { ServiceProgram } from './service-program.ts';
import { systemdUnit } from './systemd-unit.ts';
import { windowsService } from './windows-service.ts';

export interface ServiceHost {
  /** The agent's command line program. */
  readonly cliPath: string;
  readonly defaultDataFolder: string;
  /** Writes to standard output, as it stands. */
  readonly write: (text: string) => void;
}

const KINDS = { systemd: systemdUnit, windows: windowsService } as const;

/** What people read of how an agent ended, English and Japanese. */
const OUTCOMES: Readonly<Record<StopOutcome, readonly [en: string, ja: string]>> = {
  'not-running': ['No agent was running.', '動いているエージェントはありません。'],
  stopped: ['The agent has stopped.', 'エージェントを停止しました。'],
  killed: [
    'The agent did not answer and was ended. Finished rounds are kept.',
    '応答しないエージェントを強制終了しました。完了した学習は残っています。',
  ],
};

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 1 && value <= 3600) return value;
  throw new InvalidArgumentError('a number from 1 to 3600');
}

function writeServiceFile(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError('startup/data-not-writable', { detail: `${file}: ${code}`, cause });
  }
}

/** Adds what concerns running without a window: stopping, and the files that make a service of the agent. */
export function addServiceCommands(program: Command, host: ServiceHost): void {
  const data = ['--data <folder>', 'data folder of the agent', host.defaultDataFolder] as const;
  program
    .command('stop')
    .description('stop the running agent: the round in progress is broken off, all else is kept')
    .option(...data)
    .option('--wait <seconds>', 'how long it may take', seconds, 30)
    .option('--force', 'end its process where it does not stop in time')
    .action(async (choices: { readonly data: string; readonly wait: number; readonly force?: true }) => {
      const outcome = await stopAgent({
        dataFolder: path.resolve(choices.data),
        waitMs: choices.wait * 1000,
        isForced: choices.force === true,
      });
      host.write(`${OUTCOMES[outcome].join('\n')}\n`);
    });
  program
    .command('service-file')
    .description('print the file that makes a service of the agent, with the paths of this PC')
    .addOption(
      new Option('--for <manager>', 'what runs services')
        .choices(Object.keys(KINDS))
        .default(process.platform === 'win32' ? 'windows' : 'systemd'),
    )
    .option(...data)
    .option('--account <name>', 'account that the service runs as', os.userInfo().username)
    .option('--share-window', 'let the group of the data folder open the window (not on Windows)')
    .option('--to <file>', 'write it there, in UTF-8 (PowerShell’s > writes another encoding)')
    .action(
      (choices: {
        readonly to?: string;
        readonly for: keyof typeof KINDS;
        readonly data: string;
        readonly account: string;
        readonly shareWindow?: true;
      }) => {
        const service: ServiceProgram = {
          nodePath: process.execPath,
          cliPath: host.cliPath,
          dataFolder: path.resolve(choices.data),
          account: choices.account,
          isWindowShared: choices.shareWindow === true,
        };
        const text = KINDS[choices.for](service);
        if (choices.to === undefined) host.write(text);
        else writeServiceFile(path.resolve(choices.to), text);
      },
    );
}
