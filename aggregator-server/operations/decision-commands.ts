import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { QuarantinedUpdate } from '../store/screening-table.ts';
import type { CommandHost } from './command-host.ts';
import { requestOperation } from './operator-request.ts';
import { chooseQuarantined, listQuarantine } from './quarantine.ts';
import { quarantineTable } from './reports.ts';
import { waitingFor } from './waiting.ts';
import { readWholeNumber } from './whole-number.ts';

interface Choices {
  readonly data: string;
  readonly task?: string;
  readonly all?: boolean;
}

interface RollbackChoices {
  readonly data: string;
  readonly task: string;
  readonly version: number;
  readonly yes?: boolean;
}

/** Adds the commands by which an operator decides on updates and versions, while the server runs or not. */
export function addDecisions(program: Command, host: CommandHost): void {
  const { print } = host;
  const data = ['--data <folder>', 'data folder of the aggregator'] as const;
  const quarantine = program
    .command('quarantine')
    .description('show and decide on updates that were out of the ordinary');

  quarantine
    .command('list')
    .description('list the updates in quarantine, with the figures that put them there')
    .requiredOption(...data)
    .option('--task <id>', 'of this task only')
    .action(async ({ data: dataFolder, task: taskId }: Choices) => {
      print(quarantineTable(await listQuarantine({ dataFolder, taskId })));
    });

  for (const [kind, description, done] of [
    ['release', 'let updates out: they are merged in their turn', 'released'],
    ['drop', 'refuse updates for good: their plants go on from the shared model', 'dropped'],
  ] as const) {
    quarantine
      .command(kind)
      .description(description)
      .argument('[updates...]', 'ids as listed, or how they begin')
      .requiredOption(...data)
      .option('--all', 'all that are in quarantine')
      .option('--task <id>', 'of this task only')
      .action(async (ids: string[], { data: dataFolder, task: taskId, all }: Choices) => {
        if (ids.length > 0 === (all === true)) program.error('error: give either ids or --all');
        const listed = await listQuarantine({ dataFolder, taskId });
        const chosen: QuarantinedUpdate[] = all === true ? listed : chooseQuarantined(listed, ids);
        for (const { updateId, taskId: ofTask, plantName } of chosen) {
          await requestOperation({
            dataFolder,
            taskId: ofTask,
            command: { kind, updateId },
            ...waitingFor(host),
          });
          print(`${updateId} of ${plantName} ${done}`);
        }
        if (chosen.length === 0) print('No update is in quarantine.');
      });
  }

  program
    .command('rollback')
    .description('make the weights of a kept version the newest version; the plants follow')
    .requiredOption(...data)
    .requiredOption('--task <id>', 'id of the task')
    .requiredOption(
      '--version <number>',
      'version to go back to, one of those that versions lists',
      readWholeNumber,
    )
    .option('--yes', 'do not ask')
    .action(async ({ data: dataFolder, task: taskId, version, yes }: RollbackChoices) => {
      if (yes !== true && !(await confirm(host, { dataFolder, taskId, version })))
        program.error('error: not confirmed, nothing was changed; without a terminal add --yes');
      const command = { kind: 'rollback', version } as const;
      const result = await requestOperation({ dataFolder, taskId, command, ...waitingFor(host) });
      if (result.kind !== 'rollback') throw new Error(`a rollback was answered as ${result.kind}`);
      const { fromVersion, newVersion, clients } = result;
      print(
        `Version ${newVersion} of ${taskId} has the weights of version ${version} (before: ${fromVersion}). ` +
          `${clients} plant${clients === 1 ? ' follows' : 's follow'} at the next sync.`,
      );
    });
}

async function confirm(
  { tell }: CommandHost,
  { dataFolder, taskId, version }: { dataFolder: string; taskId: string; version: number },
): Promise<boolean> {
  const held = await listQuarantine({ dataFolder, taskId });
  tell(`All that was merged into ${taskId} after version ${version} will no longer be in it.`);
  tell('The plants receive these weights at their next sync and keep what they have not sent yet.');
  if (held.length > 0)
    tell(`Updates in quarantine: ${held.length}. They are refused; release them first to keep them.`);
  if (!process.stdin.isTTY) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question('Go on? Type yes: ')).trim() === 'yes';
  } finally {
    prompt.close();
  }
}
