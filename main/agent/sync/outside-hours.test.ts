import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { dialDirect } from '../network/dial.ts';
import type { SessionContext } from './session.ts';
import { SyncClient } from './sync-client.ts';
import { SyncHours } from './sync-hours.ts';

const HOUR_MS = 3_600_000;
/** Thursday, 21:59 in Japan. */
const START = Date.parse('2026-11-26T21:59+09:00');
/** Long enough for a connection on this computer. */
const AWHILE_MS = 300;

const zone = process.env.TZ;
let nowMs: number;
let syncNowRound: number | null;
let server: WebSocketServer;
let closeCodes: number[];
let refusals: string[];
let client: SyncClient;
let hours: SyncHours;

beforeEach(async () => {
  process.env.TZ = 'Asia/Tokyo';
  // Where the first attempts of many plants are spread, this one is the first.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  nowMs = START;
  syncNowRound = null;
  closeCodes = [];
  refusals = [];
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => socket.on('close', (code) => closeCodes.push(code)));
  const log = pino({ level: 'silent' });
  hours = new SyncHours({
    settings: () => ({ syncWhen: 'daily 22:00-06:00', syncNowRound }),
    keepSyncNow: (round) => {
      syncNowRound = round;
    },
    outbox: { newestRound: () => 1, awaitsAnswer: () => true },
    hasWeights: () => true,
    isSettled: () => client.isSettled,
    onChange: (spreadMs) => client.hoursChanged(spreadMs),
    log,
    now: () => nowMs,
  });
  const context = {
    client: { clientId: 'c' },
    plantName: () => '豊橋',
    taskId: () => null,
    onRefusal: ({ code }: { code: string }) => refusals.push(code),
  };
  const { port } = server.address() as AddressInfo;
  client = new SyncClient({
    where: { targets: [{ address: `ws://127.0.0.1:${port}/genba`, anchor: null }], enrolledTask: null },
    dial: dialDirect,
    mayConnect: () => hours.isOpen(),
    // All that a conversation asks for before anybody has answered.
    context: context as unknown as SessionContext,
    log,
  });
  hours.start();
  client.start();
});

afterEach(async () => {
  hours.stop();
  client.stop();
  vi.restoreAllMocks();
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

function setClock(ms: number): void {
  nowMs = ms;
  hours.tick();
}

const connected = () => vi.waitFor(() => expect(server.clients.size).toBe(1));

describe('outside of the hours for sending', () => {
  it('keeps no connection, and is neither offline nor in trouble', async () => {
    await delay(AWHILE_MS);
    client.wake();
    client.connectNow();
    await delay(AWHILE_MS);
    expect(server.clients.size).toBe(0);
    expect(client.state).toBe('outside-plan');
    expect(refusals).toEqual([]);
  });

  it('connects when they begin, and closes when they end, as one does between messages', async () => {
    setClock(START + 60_000);
    expect(client.state).toBe('connecting');
    await connected();
    // Past midnight.
    setClock(START + 3 * HOUR_MS);
    await delay(AWHILE_MS);
    expect(closeCodes).toEqual([]);
    setClock(START + 8 * HOUR_MS + 60_000);
    // Not 1006, which is a connection that was cut.
    await vi.waitFor(() => expect(closeCodes).toEqual([1005]));
    await vi.waitFor(() => expect(client.state).toBe('outside-plan'));
    await delay(AWHILE_MS);
    expect(server.clients.size).toBe(0);
  });

  it('follows a clock that is set, forwards and back', async () => {
    setClock(START + 4 * HOUR_MS);
    await connected();
    setClock(START - 4 * HOUR_MS);
    await vi.waitFor(() => expect(client.state).toBe('outside-plan'));
    setClock(START + 4 * HOUR_MS);
    await connected();
    expect(closeCodes).toEqual([1005]);
  });

  it('lets an attempt go that their end overtakes', async () => {
    setClock(START + 60_000);
    hours.changed();
    setClock(START);
    await delay(AWHILE_MS);
    expect(client.state).toBe('outside-plan');
    expect(server.clients.size).toBe(0);
    expect(refusals).toEqual([]);
  });

  it('connects at once for what somebody wants sent', async () => {
    hours.sendNow();
    await connected();
    await delay(AWHILE_MS);
    expect(closeCodes).toEqual([]);
  });
});

it('spreads the first attempts of many plants with the same hours', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  setClock(START + 60_000);
  await delay(AWHILE_MS);
  expect(client.state).toBe('connecting');
  expect(server.clients.size).toBe(0);
  // Somebody who asks need not wait for that.
  client.connectNow();
  await connected();
});
