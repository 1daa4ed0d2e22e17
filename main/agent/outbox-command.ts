import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { RefusedPage, RefusedUpdate } from '@genba/shared/local-api/refused-updates';
import type { Command } from 'commander';
import { askRefused, readAgentStatus } from './local-api/ask-agent.ts';
import { type CommandHost, onAgent } from './local-api/on-agent.ts';

interface Choices {
  readonly data: string;
}

/** Adds the command that shows what waits to be sent and what was refused. It works while the agent runs and while it does not. */
export function addOutboxCommand(program: Command, host: CommandHost): void {
  program
    .command('outbox')
    .description('show what waits to be sent, and every update that was refused, with the reason')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .action(async ({ data }: Choices) => {
      const { status, refused } = await onAgent(data, host, {
        running: async (endpoint) => ({
          status: await readAgentStatus(endpoint),
          refused: await allRefused((after) => askRefused(endpoint, after)),
        }),
        stopped: async (agent) => ({
          status: agent.status(),
          refused: await allRefused((after) => Promise.resolve(agent.answers.refused(after))),
        }),
      });
      host.print(outboxText(status, refused));
    });
}

async function allRefused(read: (after: number) => Promise<RefusedPage>): Promise<readonly RefusedUpdate[]> {
  const refused: RefusedUpdate[] = [];
  for (;;) {
    const page = await read(refused.at(-1)?.number ?? 0);
    refused.push(...page.updates);
    if (!page.hasMore) return refused;
  }
}

/** The queue in both languages, as staff read it to IT. */
export function outboxText(
  { queue, held, disk }: Pick<AgentStatus, 'queue' | 'held' | 'disk'>,
  refused: readonly RefusedUpdate[],
): string {
  const { roundsWaiting, updatesWaiting, updatesDelivered, lastSyncAt } = queue;
  return [
    `Rounds waiting / 送信待ちの学習: ${roundsWaiting}`,
    `Updates waiting / 送信待ちの更新: ${updatesWaiting}`,
    `Updates delivered / 送信済みの更新: ${updatesDelivered}`,
    `Last delivery / 最後の送信: ${lastSyncAt ?? 'none yet / まだありません'}`,
    ...(held === null
      ? []
      : [`Held by the aggregator since / 集約サーバーで確認待ち（開始日時）: ${held.since}`]),
    ...(disk === null
      ? []
      : [
          `Data folder / データフォルダー: ${disk.usedBytes} of / 上限 ${disk.quotaBytes} bytes`,
          `Free on the disk / ディスクの空き: ${disk.freeBytes} bytes`,
        ]),
    `Updates refused / 受け付けられなかった更新: ${refused.length}`,
    ...refused.flatMap(refusalLines),
  ].join('\n');
}

function refusalLines({ updateId, code, rounds, createdAt, refusedAt }: RefusedUpdate): string[] {
  const { en, ja } = ERROR_CATALOGUE[code];
  return [
    '',
    `  ${updateId}  ${code}`,
    `  ${refusedAt ?? `after / 以降 ${createdAt}`}  rounds / 学習回数: ${rounds}`,
    `  ${en}`,
    `  ${ja}`,
    '  What it had learned is kept and goes with the next update.',
    '  学んだ内容は残っていて、次の更新と一緒に送ります。',
  ];
}
