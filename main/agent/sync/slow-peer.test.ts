import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DATA_FRAME_HEADER_BYTES } from '@genba/shared/protocol/data-frame';
import { DATA_CHUNK_BYTES, SEND_WINDOW_BYTES } from '@genba/shared/protocol/limits';
import type { ServerMessage } from '@genba/shared/protocol/messages';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RunningDelivery } from '../store/ledger.ts';
import { said, ToldPlant, WELCOME } from '../testing/told-plant.ts';
import { RateLimit } from './rate-limit.ts';
import { sendUpload } from './upload.ts';

/** Far more than the system's own buffers of a connection hold. */
const UPDATE_BYTES = 64 * 1024 * 1024;
/** After so long whatever can go on has gone on. */
const STANDSTILL_MS = 1_000;

it('keeps a window of an upload for an aggregator that reads nothing, and all of it comes when it reads', async () => {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(sockets, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  const [[peer]] = (await Promise.all([once(sockets, 'connection'), once(socket, 'open')])) as [
    [WebSocket],
    unknown,
  ];
  onTestFinished(async () => {
    socket.terminate();
    peer.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  });
  let payloadBytes = 0;
  peer.on('message', (data: Buffer) => {
    payloadBytes += data.byteLength - DATA_FRAME_HEADER_BYTES;
    // Slow, too: it rests after each frame.
    peer.pause();
    setTimeout(() => peer.resume(), 1);
  });
  peer.pause();
  let offered = 0;
  let peak = 0;
  const delivery = {
    add: (bytes: number) => {
      offered += bytes;
      peak = Math.max(peak, socket.bufferedAmount);
    },
    complete: () => undefined,
    breakOff: () => undefined,
  } as unknown as RunningDelivery;
  const sending = sendUpload(socket, {
    transfer: 1,
    offset: 0,
    bytes: new Uint8Array(UPDATE_BYTES),
    frameBytes: DATA_CHUNK_BYTES,
    limit: new RateLimit(null),
    delivery,
    onTaken: () => undefined,
  });
  await delay(STANDSTILL_MS);
  const stoodAt = offered;
  expect(stoodAt).toBeLessThan(UPDATE_BYTES / 2);
  await delay(STANDSTILL_MS);
  expect(offered).toBe(stoodAt);
  expect(socket.bufferedAmount).toBeLessThanOrEqual(SEND_WINDOW_BYTES + 2 * DATA_CHUNK_BYTES);
  peer.resume();
  await sending;
  await expect.poll(() => payloadBytes, { timeout: 20_000 }).toBe(UPDATE_BYTES);
  expect(peak).toBeLessThanOrEqual(SEND_WINDOW_BYTES + 2 * DATA_CHUNK_BYTES);
}, 60_000);

it('hangs up on an aggregator that asks without end and reads no answer', async () => {
  const plant = await ToldPlant.open();
  onTestFinished(() => plant.close());
  plant.train(1);
  // What it has is confirmed again each time.
  const offer: ServerMessage = {
    type: 'weights/offer',
    baseId: plant.client.base()!.baseId,
    globalVersion: 3,
    use: 'install',
    updateId: null,
    encoding: 'float32',
    sizeBytes: 4,
    sha256: '0'.repeat(64),
    staleness: null,
    mixingWeight: null,
    calibration: [],
  };
  const most = 1_000_000;
  const told = await plant.hearWithoutEnd([said({ ...WELCOME })], said(offer), most);
  expect(told).toBeGreaterThan(1_000);
  expect(told).toBeLessThan(most);
  expect(plant.refusals).toEqual([]);
}, 120_000);
