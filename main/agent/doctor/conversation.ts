import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { AGENT_CAPABILITIES, EXAMINE } from '@genba/shared/protocol/capabilities';
import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import type { ClientMessage, ServerMessage } from '@genba/shared/protocol/messages';
import { parseServerMessage } from '@genba/shared/protocol/server-message';
import { inTime } from './in-time.ts';
import type { Way } from './way.ts';

/** Who a PC that has not enrolled says it is: nobody. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** What an aggregator may say in an examination. */
export type Said = Extract<ServerMessage, { type: 'challenge' | 'welcome' | 'error' }>;

/** The greeting of an examination: as the agent's, but it claims no session. */
export function examinationHello(way: Way): ClientMessage {
  const { device } = way.subject;
  return {
    type: 'hello',
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    app: 'genba-agent doctor',
    clientId: device?.clientId ?? NOBODY,
    plantName: device?.plantName ?? '-',
    taskId: device?.taskId ?? null,
    keyId: device?.keyId ?? null,
    capabilities: [...AGENT_CAPABILITIES, EXAMINE],
  };
}

/**
 * Says one thing and hears one.
 * @throws AppError for an answer that is none of Genba's; Error where none comes
 */
export function converse(way: Way, message: ClientMessage): Promise<Said> {
  const web = way.web!;
  return inTime<Said>(way.network.deadlineMs, (resolve, reject) => {
    web.once('message', (data: Buffer, isBinary: boolean) => {
      try {
        resolve(readSaid(data, isBinary));
      } catch (thrown) {
        reject(toAppError(thrown));
      }
    });
    web.once('close', (code) =>
      reject(new AppError('protocol/unexpected-message', { detail: `closed with ${code}` })),
    );
    web.send(JSON.stringify(message));
  });
}

function readSaid(data: Buffer, isBinary: boolean): Said {
  if (isBinary) throw new AppError('protocol/bad-message', { detail: 'a data frame' });
  const said = parseServerMessage(data.toString('utf8'));
  if (said.type === 'challenge' || said.type === 'welcome' || said.type === 'error') return said;
  throw new AppError('protocol/unexpected-message', { detail: said.type });
}
