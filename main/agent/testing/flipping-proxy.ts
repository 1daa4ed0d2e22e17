import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A link that damages what the aggregator sends. It is closed at the end of the test. */
export interface FlippingProxy {
  readonly port: number;
  /** How many connections it has damaged. */
  readonly damaged: number;
}

/**
 * Leads to a port of this computer, and changes one bit of the first piece that comes back after so many went up: none
 * but what TLS says first, or once the agent has finished its part of the handshake.
 * @param connections it damages so many, and lets the others be
 */
export async function startFlippingProxy(
  port: number,
  { after, connections }: { readonly after: 'client-hello' | 'handshake'; readonly connections: number },
): Promise<FlippingProxy> {
  const open = new Set<Socket>();
  let damaged = 0;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let isDue = false;
    let sent = 0;
    near.on('data', (piece: Buffer) => {
      sent += 1;
      // The first piece is the client hello, the next its end of the handshake.
      isDue ||= sent === (after === 'client-hello' ? 1 : 2) && damaged < connections;
      far.write(piece);
    });
    far.on('data', (piece: Buffer) => {
      if (isDue) {
        isDue = false;
        damaged += 1;
        // The last byte belongs to what protects a record, not to its head.
        piece[piece.byteLength - 1]! ^= 1;
      }
      near.write(piece);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get damaged() {
      return damaged;
    },
  };
}
