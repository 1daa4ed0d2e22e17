import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type AgentStatus,
  LOCAL_API_ENDPOINT_FILE,
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  LOCAL_API_TOKEN_PREFIX,
  type LocalApiEndpoint,
  localApiEndpointSchema,
  localMessageSchema,
  type PlainCommand,
} from '@genba/shared/local-api/messages';
import { WebSocket } from 'ws';

/** Where the agent of a data folder answers, and with which token. */
function endpointOf(dataFolder: string): LocalApiEndpoint {
  const file = path.join(dataFolder, LOCAL_API_ENDPOINT_FILE);
  return localApiEndpointSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** The address of an agent's window in a browser, with its token. */
export function windowAddressOf(dataFolder: string): string {
  const { address, token } = endpointOf(dataFolder);
  return `${address}/#token=${token}`;
}

/** Opens an agent's local API for a moment, as a window does. */
async function open<Answer>(
  dataFolder: string,
  converse: (socket: WebSocket, resolve: (answer: Answer) => void) => void,
): Promise<Answer> {
  const { address, token } = endpointOf(dataFolder);
  const socket = new WebSocket(`${address.replace(/^http/, 'ws')}${LOCAL_API_PATH}`, [
    LOCAL_API_SUBPROTOCOL,
    `${LOCAL_API_TOKEN_PREFIX}${token}`,
  ]);
  try {
    return await new Promise<Answer>((resolve, reject) => {
      socket.once('error', reject);
      converse(socket, resolve);
    });
  } finally {
    socket.terminate();
  }
}

/** The agent's status of the moment. */
export function readStatus(dataFolder: string): Promise<AgentStatus> {
  return open(dataFolder, (socket, resolve) => {
    socket.on('message', (data: Buffer) => {
      const message = localMessageSchema.parse(JSON.parse(data.toString('utf8')));
      if (message.type === 'status') resolve(message.status);
    });
  });
}

/** Gives a command and waits until it is carried out. */
export async function command(dataFolder: string, name: PlainCommand): Promise<void> {
  await open<void>(dataFolder, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, command: name })));
    socket.on('message', (data: Buffer) => {
      const message = localMessageSchema.parse(JSON.parse(data.toString('utf8')));
      if (message.type === 'reply') resolve();
    });
  });
}
