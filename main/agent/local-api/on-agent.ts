import path from 'node:path';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { pino } from 'pino';
import { Agent } from '../agent.ts';
import type { NetworkSettings } from '../network/network-options.ts';
import { findAgent } from './find-agent.ts';

/** What commands of the program have in common. */
export interface CommandHost {
  readonly appVersion: string;
  readonly defaultDataFolder: string;
  /** Shows one line on standard output. */
  readonly print: (text: string) => void;
}

/** Does something with the agent of a data folder: the one that runs, or one for this moment only. */
export async function onAgent<Result>(
  folder: string,
  { appVersion }: CommandHost,
  act: {
    readonly running: (endpoint: LocalApiEndpoint) => Promise<Result>;
    readonly stopped: (agent: Agent) => Promise<Result>;
    /** How the latter gets to the aggregator, where that was given. */
    readonly network?: NetworkSettings;
  },
): Promise<Result> {
  const dataFolder = path.resolve(folder);
  const endpoint = await findAgent(dataFolder);
  if (endpoint !== null) return act.running(endpoint);
  const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  const { settings, login: proxyLogin } = act.network ?? { settings: {}, login: null };
  const agent = new Agent({ dataFolder, appVersion, log, settings, proxyLogin });
  try {
    return await act.stopped(agent);
  } finally {
    await agent.stop();
  }
}
