import type { IncomingMessage, RequestOptions } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls';
import { CHANNEL_BYTES, CHANNEL_LABEL } from '@genba/shared/identity/wire-types';
import { HARD_FRAME_LIMIT_BYTES, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import { zeroMask } from '@genba/shared/protocol/zero-mask';
import { type ClientOptions, WebSocket } from 'ws';
import type { Dial } from '../network/dial.ts';
import type { Endpoint } from '../network/route.ts';

/** How long opening a connection may take, milliseconds. */
export const CONNECT_DEADLINE_MS = 15_000;

/** Where an aggregator answers, and how it is recognised. */
export interface Target {
  /** Of its WebSocket: `wss://…`, or `ws://…` on this computer. */
  readonly address: string;
  /** The one certificate that is trusted, PEM; null without TLS. */
  readonly anchor: string | null;
}

/** The target behind an address of an invitation. */
export function encryptedTarget(server: string, anchor: string): Target {
  return { address: `${server}${WEBSOCKET_PATH}`, anchor };
}

/**
 * What is trusted on an encrypted connection: this one certificate and nothing the computer knows besides. Chain, dates
 * and host name are verified as usual. The anchor may be any certificate, also one that another has signed.
 */
function trusting(anchor: string): ConnectionOptions {
  return { ca: anchor, allowPartialTrustChain: true, rejectUnauthorized: true };
}

/** An aggregator's address without what each of them ends in. */
export function serverOf(address: string): string {
  return address.endsWith(WEBSOCKET_PATH) ? address.slice(0, -WEBSOCKET_PATH.length) : address;
}

/** The host and port of an aggregator's address; without a port it is that of https. */
export function endpointOf(address: string): Endpoint {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
}

/**
 * Begins TLS with an aggregator, from end to end: on a connection that leads to it, directly or through a proxy's
 * tunnel. Nothing that the way there trusts counts here.
 * @param trust what is trusted; nothing is sent before the caller has made sure
 */
export function beginTls(socket: Socket, { host }: Endpoint, trust: ConnectionOptions): TLSSocket {
  return connect({
    ...trust,
    socket,
    // For the check of the certificate; a name is also told to the server (SNI), an address may not be.
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
  });
}

/** The sockets whose other end has proven who it is. */
const proven = new WeakSet<WebSocket>();

/** Whether the other end has proven who it is: what fails from then on says nothing about the encryption. */
export function isProven(socket: WebSocket): boolean {
  return proven.has(socket);
}

/** Begins to open a connection. */
export function openSocket({ address, anchor }: Target, dial: Dial): WebSocket {
  const onProven = () => proven.add(socket);
  const socket = new WebSocket(address, WEBSOCKET_SUBPROTOCOL, {
    handshakeTimeout: CONNECT_DEADLINE_MS,
    maxPayload: HARD_FRAME_LIMIT_BYTES,
    perMessageDeflate: false,
    generateMask: zeroMask,
    ...(anchor === null
      ? {}
      : {
          // Its type is that of `net.createConnection`, what `http` documents is more.
          createConnection: encryptedConnection(endpointOf(address), {
            anchor,
            dial,
            onProven,
          }) as unknown as ClientOptions['createConnection'],
        }),
  });
  return socket;
}

/**
 * What `http` calls to get its connection: it may be given one later, or the reason why there is none.
 * @param options.onProven is told when the other end has proven who it is
 */
export function encryptedConnection(
  endpoint: Endpoint,
  options: { readonly anchor: string; readonly dial: Dial; readonly onProven: () => void },
): NonNullable<RequestOptions['createConnection']> {
  return (_, done) => {
    options
      .dial(endpoint)
      .then((socket) => beginTls(socket, endpoint, trusting(options.anchor)))
      .then((socket) => socket.once('secureConnect', options.onProven))
      .then(
        (socket) => done(null, socket),
        // The type wants a socket even where there is none.
        (error) => done(error as Error, undefined as unknown as TLSSocket),
      );
    return undefined;
  };
}

/**
 * The channel binding of a connection whose WebSocket was just accepted: the same bytes at both ends of one TLS
 * connection, and nowhere else. Null without TLS.
 */
export function channelOf({ socket }: IncomingMessage): Buffer | null {
  if (!(socket instanceof TLSSocket)) return null;
  // No context, which TLS 1.3 does not tell apart from an empty one.
  return socket.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0));
}
