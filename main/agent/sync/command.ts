import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { Command } from 'commander';
import { askAgent, followAgent } from '../local-api/ask-agent.ts';
import { findAgent } from '../local-api/find-agent.ts';
import type { CommandHost } from '../local-api/on-agent.ts';

interface Choices {
  readonly data: string;
  readonly wait: boolean;
}

/** Adds `sync-now`: the running agent sends at once, also outside of the hours for it, and says how far it is. */
export function addSyncNowCommand(program: Command, host: Omit<CommandHost, 'appVersion'>): void {
  program
    .command('sync-now')
    .description('send all that waits now and fetch the answers, also outside of the hours for sending')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--no-wait', 'only say so to the agent, and return')
    .action(async ({ data, wait }: Choices) => {
      const endpoint = await findAgent(path.resolve(data));
      if (endpoint === null) throw new AppError('local/not-running');
      await askAgent(endpoint, { id: 1, command: 'sync-now' });
      if (!wait) return;
      let said = '';
      const last = await followAgent(endpoint, (status) => {
        const text = progressText(status);
        if (text !== said) host.print(text);
        said = text;
        return status.network.syncNow !== 'running';
      });
      if (last.network.syncNow === 'stalled') {
        throw new AppError('sync/no-progress', { detail: last.problem?.code });
      }
    });
}

/** How far sending is, in both languages. */
export function progressText({ network, queue }: Pick<AgentStatus, 'network' | 'queue'>): string {
  const count = queue.roundsWaiting;
  if (network.syncNow === 'done')
    return 'All that waited has been sent. / 待っていた分はすべて送信しました。';
  if (network.state !== 'online') {
    return `Connecting; ${count} rounds waiting. / 接続を試行中です。送信待ち${count}回分。`;
  }
  if (count > 0) return `Sending; ${count} rounds waiting. / 送信中です。送信待ち${count}回分。`;
  return 'Sent; waiting for the answer. / 送信しました。応答を待っています。';
}
