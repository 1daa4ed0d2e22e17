import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { HARD_FRAME_LIMIT_BYTES, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import { type ClientOptions, WebSocket } from 'ws';
import { channelOf } from '../sync/target.ts';
import { askHealth } from './health.ts';
import { codeOf, inTime, TOO_LATE } from './in-time.ts';
import { type Finding, failed, type Layer, passed } from './layer.ts';
import { anchored, tlsHandshake } from './tls-handshake.ts';
import type { Way } from './way.ts';

/** How the request for an upgrade ended. */
type Upgrade = 'open' | { readonly status: number; readonly server: string; readonly retryAfter: string };

/** Whether HTTP gives way to WebSocket; if not, who answers. */
export const websocketLayer: Layer<Way> = {
  layer: 'websocket',
  async examine(way) {
    let upgrade: Upgrade;
    try {
      upgrade = await askForUpgrade(way);
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === TOO_LATE) return failed('websocket/silent', way.values, { code });
      // An answer that is none of HTTP, or of a WebSocket that is not ours.
      return failed('websocket/other-server', { ...way.values, status: '-', server: code }, { code });
    }
    if (upgrade === 'open') return passed({ kind: `${WEBSOCKET_SUBPROTOCOL} ${WEBSOCKET_PATH}` });
    return explainAnswer(way, upgrade);
  },
};

async function explainAnswer(way: Way, answer: Exclude<Upgrade, 'open'>): Promise<Finding> {
  const { status, server, retryAfter } = answer;
  const measured = { 'http-status': status, 'http-server': server };
  const values = { ...way.values, status: `${status}`, server, path: WEBSOCKET_PATH };
  if (status === 429) return failed('websocket/too-many', { ...values, seconds: retryAfter }, measured);
  const health = await healthOf(way);
  if (health === null) return failed('websocket/other-server', values, measured);
  return failed('websocket/stripped', values, { ...measured, 'aggregator-version': health.version });
}

function askForUpgrade(way: Way): Promise<Upgrade> {
  const { address } = way.subject;
  const socket: Socket = way.secure ?? way.socket!;
  const options: ClientOptions = {
    createConnection: (() => socket) as NonNullable<ClientOptions['createConnection']>,
    maxPayload: HARD_FRAME_LIMIT_BYTES,
    perMessageDeflate: false,
  };
  return inTime(way.network.deadlineMs, (resolve, reject) => {
    const web = new WebSocket(`${address}${WEBSOCKET_PATH}`, WEBSOCKET_SUBPROTOCOL, options);
    way.web = web;
    web.once('upgrade', (response) => {
      way.channel = channelOf(response);
    });
    web.once('open', () => resolve('open'));
    web.once('unexpected-response', (_, response) => {
      resolve(readAnswer(response));
      response.destroy();
    });
    web.on('error', reject);
  });
}

function readAnswer({ statusCode, headers }: IncomingMessage): Exclude<Upgrade, 'open'> {
  const server = `${headers.server ?? headers.via ?? headers['content-type'] ?? '-'}`;
  return { status: statusCode!, server: server.slice(0, 100), retryAfter: headers['retry-after'] ?? '?' };
}

/** Asks on another connection, over the same way and as well protected, who is there. */
async function healthOf(way: Way): ReturnType<typeof askHealth> {
  try {
    const socket = await way.open();
    const { host } = new URL(way.subject.address.replace(/^ws/, 'http'));
    const options = { host, deadlineMs: way.network.deadlineMs };
    if (!way.isEncrypted) return await askHealth(socket, options);
    const secure = await tlsHandshake(way, socket, way.anchor === null ? {} : anchored(way.anchor));
    return await askHealth(secure, options);
  } catch {
    return null;
  }
}
