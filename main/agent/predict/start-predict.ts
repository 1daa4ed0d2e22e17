import { isIP } from 'node:net';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import type { Logger } from 'pino';
import type { Agent } from '../agent.ts';
import { PredictServer } from './predict-server.ts';
import { predictToken } from './predict-token.ts';

/** Whether no other computer reaches an address. */
export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Answers `POST /predict` where the agent's settings say so, and keeps its model ready for it.
 * @returns null where they do not
 * @throws AppError `startup/port-in-use`, `startup/data-not-writable`
 */
export async function startPredict(
  agent: Agent,
  { dataFolder, log }: { readonly dataFolder: string; readonly log: Logger },
): Promise<PredictServer | null> {
  const { predictPort, predictHost } = agent.predictSettings();
  if (predictPort === null) return null;
  const server = new PredictServer({
    token: predictToken(dataFolder),
    judge: async (subject) => {
      const results: Pick<JudgedItem, 'line' | 'verdict' | 'problem'>[] = [];
      const { model } = await agent.answers.judge({ subject, parts: true }, async (items) => {
        for (const { line, verdict, problem } of items) results.push({ line, verdict, problem });
      });
      return { model, results };
    },
    log,
  });
  await server.listen(predictPort, predictHost);
  log.info({ host: predictHost, port: server.port }, 'answering POST /predict');
  if (!isLoopback(predictHost)) {
    log.warn(
      { host: predictHost },
      'POST /predict can be reached from other computers, and is not encrypted: whoever can read the network sees the token and what is judged',
    );
  }
  agent.keepJudgeReady();
  return server;
}
