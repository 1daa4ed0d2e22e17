import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { AGENT_CAPABILITIES } from '@genba/shared/protocol/capabilities';
import { PROTOCOL_VERSION, REPLY_DEADLINE_MS } from '@genba/shared/protocol/limits';
import type { ClientMessage, ServerMessage } from '@genba/shared/protocol/messages';
import { parseServerMessage } from '@genba/shared/protocol/server-message';
import type { WebSocket } from 'ws';
import type { Dial } from '../network/dial.ts';
import { channelOf, isProven, openSocket, type Target } from '../sync/target.ts';
import { connectionProblem } from '../sync/tls-problem.ts';
import { enrolMessage } from './answers.ts';
import type { DeviceKey } from './device-key.ts';

/** What is said at an enrolment. */
export interface EnrolRequest {
  readonly appVersion: string;
  readonly clientId: string;
  readonly plantName: string;
  readonly taskId: string;
  readonly code: string;
  readonly key: DeviceKey;
  /** Opens the connection. */
  readonly dial: Dial;
  /** What the aggregator's clock says, ISO 8601. */
  readonly onServerTime: (serverTime: string) => void;
}

/**
 * Introduces a key to an aggregator: one connection, `hello` → `challenge` → `enrol` → `welcome`. Said again with the
 * same key and code it is answered the same.
 * @returns the task, as `welcome` describes it
 * @throws AppError of the aggregator's refusal; `tls/…`; `proxy/…`; `enrolment/unreachable` when the connection does not come
 *   about or breaks off: the aggregator may have taken the key all the same
 */
export async function sayEnrol(target: Target, request: EnrolRequest): Promise<Task> {
  const socket = openSocket(target, request.dial);
  const deadline = setTimeout(() => socket.terminate(), 2 * REPLY_DEADLINE_MS);
  try {
    return await converse(socket, target, request);
  } finally {
    clearTimeout(deadline);
    // It ends the same way for the aggregator whether this process waits for its goodbye or not.
    socket.terminate();
  }
}

function converse(socket: WebSocket, target: Target, request: EnrolRequest): Promise<Task> {
  const say = (message: ClientMessage) => socket.send(JSON.stringify(message));
  let channel: Buffer | null = null;
  let isAsked = false;
  const onMessage = (message: ServerMessage): Task | null => {
    switch (message.type) {
      case 'challenge': {
        const { clientId, taskId, key, code } = request;
        const nonce = Buffer.from(message.nonce, 'base64url');
        request.onServerTime(message.serverTime);
        isAsked = true;
        say(enrolMessage({ channel: channel!, nonce, clientId, taskId }, key, code));
        return null;
      }
      case 'welcome':
        if (message.security !== 'enrolled' || !isAsked) {
          throw new AppError('tls/required', { detail: `welcome without proof, ${message.security}` });
        }
        return message.task;
      case 'error':
        throw new AppError(message.code, { detail: message.detail ?? undefined });
      default:
        throw new AppError('protocol/unexpected-message', { detail: message.type });
    }
  };
  return new Promise((resolve, reject) => {
    const unreachable = (reason: string) =>
      reject(new AppError('enrolment/unreachable', { detail: `${target.address}: ${reason}` }));
    socket.on('upgrade', (response) => {
      channel = channelOf(response);
    });
    socket.on('open', () => say(helloOf(request)));
    socket.on('message', (data: Buffer) => {
      try {
        const task = onMessage(parseServerMessage(data.toString('utf8')));
        if (task !== null) resolve(task);
      } catch (thrown) {
        reject(toAppError(thrown));
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const problem = connectionProblem(error, isProven(socket));
      if (problem === null) unreachable(error.code ?? error.message);
      else reject(problem);
    });
    socket.on('close', (code) => unreachable(`closed with ${code}`));
  });
}

function helloOf({ appVersion, clientId, plantName, taskId }: EnrolRequest): ClientMessage {
  return {
    type: 'hello',
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    app: `genba-agent/${appVersion}`,
    clientId,
    plantName,
    taskId,
    keyId: null,
    capabilities: [...AGENT_CAPABILITIES],
  };
}
