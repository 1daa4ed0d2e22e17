import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { inTime } from './in-time.ts';
import type { Way } from './way.ts';

/** Trusts one certificate and nothing that the computer knows besides. */
export function anchored(pem: string): ConnectionOptions {
  return { ca: pem, allowPartialTrustChain: true };
}

/**
 * Does TLS with the aggregator of a way. What it presents is to be looked at, not refused: whether it is to be trusted
 * stands in `authorized`.
 * @throws Error of TLS or of the network
 */
export function tlsHandshake(way: Way, socket: Socket, options: ConnectionOptions): Promise<TLSSocket> {
  const { host } = way.endpoint;
  const secure = way.keep(
    connect({
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      ...options,
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
    }),
  );
  return inTime(way.network.deadlineMs, (resolve, reject) => {
    secure.once('secureConnect', () => resolve(secure));
    secure.on('error', reject);
    secure.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}
