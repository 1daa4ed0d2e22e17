import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { dialDirect } from '../network/dial.ts';
import type { SessionContext } from './session.ts';
import { SyncClient } from './sync-client.ts';

let client: SyncClient | null = null;
const servers: WebSocketServer[] = [];

afterEach(async () => {
  client?.stop();
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that lets anybody in and says nothing. */
async function listen(port: number, options: { autoPong?: boolean } = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, ...options });
  servers.push(server);
  await once(server, 'listening');
  const opened: number[] = [];
  server.on('connection', () => opened.push(performance.now()));
  return { port: (server.address() as AddressInfo).port, opened };
}

function connectTo(port: number): SyncClient {
  const context = {
    client: { clientId: 'c' },
    plantName: () => 'plant',
    taskId: () => null,
    onRefusal: () => undefined,
  };
  client = new SyncClient({
    where: { targets: [{ address: `ws://127.0.0.1:${port}/genba`, anchor: null }], enrolledTask: null },
    dial: dialDirect,
    // All that a conversation asks for before anybody has answered.
    context: context as unknown as SessionContext,
    log: pino({ level: 'silent' }),
  });
  client.start();
  return client;
}

describe('after the PC has slept', () => {
  it('connects at once instead of waiting for its turn', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const gone = await listen(0);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    const running = connectTo(gone.port);
    // Waits of 0.5, 1, 2 and 4 seconds: this is in the third.
    await delay(1_900);
    expect(running.state).toBe('offline');
    const { opened } = await listen(gone.port);
    running.wake();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
  });

  it('lets a connection go that does not answer', async () => {
    const { port, opened } = await listen(0, { autoPong: false });
    const running = connectTo(port);
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    running.wake();
    await vi.waitFor(() => expect(opened).toHaveLength(2), { timeout: 10_000 });
  });

  it('keeps a connection that answers', async () => {
    const { port, opened } = await listen(0);
    const running = connectTo(port);
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    await delay(100);
    running.wake();
    await delay(4_000);
    expect(opened).toHaveLength(1);
  });
});
