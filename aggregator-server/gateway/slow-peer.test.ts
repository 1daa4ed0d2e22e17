import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DATA_CHUNK_BYTES, SEND_WINDOW_BYTES } from '@genba/shared/protocol/limits';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startForTest } from '../testing/gateway-bench.ts';
import { TestClient } from '../testing/test-client.ts';
import { Channel } from './channel.ts';
import { Inbox } from './inbox.ts';

/** Far more than the system's own buffers of a connection hold. */
const FLOOD_BYTES = 64 * 1024 * 1024;
/** After so long whatever can go on has gone on. */
const STANDSTILL_MS = 1_000;
/** What the inbox holds at most, and what came with the bytes that made it full. */
const INBOX_BYTES = 1024 * 1024 + 2 * DATA_CHUNK_BYTES;

/** The two ends of a connection over this computer's network. */
async function connection(): Promise<{ server: WebSocket; client: WebSocket }> {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(sockets, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  const [[server]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as [
    [WebSocket],
    unknown,
  ];
  onTestFinished(async () => {
    client.terminate();
    server.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  });
  return { server, client };
}

it.each([
  ['a window', false, SEND_WINDOW_BYTES + 2 * DATA_CHUNK_BYTES],
  ['a frame', true, 2 * 64 * 1024],
] as const)(
  'keeps %s of a download for a plant that reads nothing, and all of it comes when it reads',
  async (_, isSecure, most) => {
    const { server, client } = await connection();
    const channel = new Channel(server, { isSecure, onTaken: () => undefined });
    const { frameBytes } = channel;
    let received = 0;
    client.on('message', (data: Buffer) => {
      received += data.byteLength;
    });
    client.pause();
    let peak = 0;
    let sent = 0;
    const sending = (async () => {
      for (; sent < FLOOD_BYTES; sent += frameBytes) {
        await channel.sendData(new Uint8Array(frameBytes), () => undefined);
        peak = Math.max(peak, server.bufferedAmount);
      }
    })();
    await delay(STANDSTILL_MS);
    const stoodAt = sent;
    expect(stoodAt).toBeLessThan(FLOOD_BYTES / 2);
    expect(server.bufferedAmount).toBeGreaterThan(0);
    await delay(STANDSTILL_MS);
    expect(sent).toBe(stoodAt);
    client.resume();
    await sending;
    await vi.waitFor(() => expect(received).toBe(FLOOD_BYTES));
    expect(peak).toBeLessThanOrEqual(most);
  },
);

it.each([
  ['data', DATA_CHUNK_BYTES, FLOOD_BYTES / DATA_CHUNK_BYTES, INBOX_BYTES],
  // Of these the system hands on thousands at once.
  ['empty frames', 0, 1_000_000, 20_000],
] as const)('takes no more %s than it can handle', async (_, sizeBytes, count, most) => {
  const { server, client } = await connection();
  const inbox = new Inbox(server);
  const disk = Promise.withResolvers<void>();
  let waiting = 0;
  let handled = 0;
  server.on('message', (data: Buffer) => {
    waiting += Math.max(1, data.byteLength);
    inbox.add({ sizeBytes: data.byteLength, isKept: true }, async () => {
      await disk.promise;
      handled += 1;
    });
  });
  const frame = Buffer.alloc(sizeBytes);
  for (let index = 0; index < count; index++) client.send(frame);
  await delay(STANDSTILL_MS);
  const stoodAt = waiting;
  await delay(STANDSTILL_MS);
  expect(waiting).toBe(stoodAt);
  expect(waiting).toBeLessThanOrEqual(most);
  disk.resolve();
  await vi.waitFor(() => expect(handled).toBe(count), { timeout: 20_000 });
});

it('reads no further from a plant that asks and does not read, and answers all when it does', async () => {
  const asked = 60_000;
  const { address } = await startForTest();
  const { client } = await TestClient.join(address);
  client.stopReading();
  const nonsense = JSON.stringify({ type: 'nonsense', filling: 'x'.repeat(1_000) });
  for (let index = 0; index < asked; index++) client.sendText(nonsense);
  let isTaken = false;
  const taken = client.flushed().then(() => {
    isTaken = true;
  });
  // The answers come to more than what the server keeps and what the system's buffers hold.
  await delay(8_000);
  expect(isTaken).toBe(false);
  client.readOn();
  for (let index = 0; index < asked; index++) await client.expectError('protocol/bad-message');
  await taken;
}, 60_000);
