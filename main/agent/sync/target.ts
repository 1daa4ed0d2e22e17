import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { CHANNEL_BYTES, CHANNEL_LABEL } from '@genba/shared/identity/wire-types';
import { HARD_FRAME_LIMIT_BYTES, WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import { type ClientOptions, WebSocket } from 'ws';

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
function tlsOptions(anchor: string): ClientOptions {
  return { ca: anchor, allowPartialTrustChain: true, minVersion: 'TLSv1.3', rejectUnauthorized: true };
}

/** Begins to open a connection. */
export function openSocket({ address, anchor }: Target): WebSocket {
  return new WebSocket(address, WEBSOCKET_SUBPROTOCOL, {
    handshakeTimeout: CONNECT_DEADLINE_MS,
    maxPayload: HARD_FRAME_LIMIT_BYTES,
    perMessageDeflate: false,
    ...(anchor === null ? {} : tlsOptions(anchor)),
  });
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
