import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STALLED_MS, SyncHours } from './sync-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Thursday, 21:50 in Japan. */
const START = Date.parse('2026-11-26T21:50+09:00');

const zone = process.env.TZ;
let syncWhen: string | null;
let syncNowRound: number | null;
let nowMs: number;
let monotonicMs: number;
let hasWeights: boolean;
let isSettled: boolean;
let newestRound: number;
let answeredRound: number;
let changes: boolean[];
const open: SyncHours[] = [];

beforeEach(() => {
  process.env.TZ = 'Asia/Tokyo';
  syncWhen = 'mon-fri 22:00-06:00';
  syncNowRound = null;
  nowMs = START;
  monotonicMs = 0;
  hasWeights = true;
  isSettled = false;
  newestRound = 3;
  answeredRound = 0;
  changes = [];
});

afterEach(() => {
  for (const hours of open.splice(0)) hours.stop();
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

function start(): SyncHours {
  const hours: SyncHours = new SyncHours({
    settings: () => ({ syncWhen, syncNowRound }),
    keepSyncNow: (round) => {
      syncNowRound = round;
    },
    outbox: { newestRound: () => newestRound, awaitsAnswer: (upTo) => answeredRound < upTo },
    hasWeights: () => hasWeights,
    isSettled: () => isSettled,
    onChange: () => changes.push(hours.isOpen()),
    log: pino({ level: 'silent' }),
    now: () => nowMs,
    monotonicNow: () => monotonicMs,
  });
  open.push(hours);
  hours.start();
  return hours;
}

/** Lets time pass in the steps of the timer. */
function pass(hours: SyncHours, lengthMs: number): void {
  for (let passedMs = 0; passedMs < lengthMs; passedMs += 5_000) {
    nowMs += 5_000;
    monotonicMs += 5_000;
    hours.tick();
  }
}

describe('the hours for sending', () => {
  it('are always where nothing was set', () => {
    syncWhen = null;
    const hours = start();
    pass(hours, HOUR_MS);
    expect(hours.isOpen()).toBe(true);
    expect(hours.opensAtMs()).toBeNull();
    expect(changes).toEqual([]);
  });

  it('begin and end with the plan, over midnight, and say when they begin', () => {
    const hours = start();
    expect(hours.isOpen()).toBe(false);
    expect(hours.opensAtMs()).toBe(START + 10 * MINUTE_MS);
    pass(hours, 10 * MINUTE_MS);
    expect(changes).toEqual([true]);
    pass(hours, 8 * HOUR_MS - 5_000);
    expect(hours.isOpen()).toBe(true);
    pass(hours, 5_000);
    expect(changes).toEqual([true, false]);
    // Friday 22:00.
    expect(hours.opensAtMs()).toBe(START + 24 * HOUR_MS + 10 * MINUTE_MS);
  });

  it('follow a clock that jumps, both ways', () => {
    const hours = start();
    nowMs += 3 * HOUR_MS;
    hours.tick();
    expect(hours.isOpen()).toBe(true);
    nowMs -= 3 * HOUR_MS;
    hours.tick();
    expect(changes).toEqual([true, false]);
  });

  it('follow a plan that is changed', () => {
    const hours = start();
    syncWhen = null;
    hours.tick();
    syncWhen = 'daily 05:00-06:00';
    hours.tick();
    expect(changes).toEqual([true, false]);
  });

  it('do not hold up a plant that has no weights yet', () => {
    hasWeights = false;
    const hours = start();
    expect(hours.isOpen()).toBe(true);
    hasWeights = true;
    pass(hours, 5_000);
    expect(changes).toEqual([false]);
  });
});

describe('sending at once', () => {
  it('lets the agent connect until all that waited then is answered, not what came later', () => {
    const hours = start();
    hours.sendNow();
    expect(changes).toEqual([true]);
    expect(hours.syncNow).toBe('running');
    newestRound = 9;
    isSettled = true;
    answeredRound = 2;
    pass(hours, MINUTE_MS);
    expect(hours.isOpen()).toBe(true);
    answeredRound = 3;
    pass(hours, 5_000);
    expect(hours.syncNow).toBe('done');
    expect(changes).toEqual([true, false]);
  });

  it('does not end before the aggregator has let this plant in, and weights have come', () => {
    answeredRound = newestRound;
    const hours = start();
    hours.sendNow();
    pass(hours, MINUTE_MS);
    expect(hours.syncNow).toBe('running');
    isSettled = true;
    pass(hours, 5_000);
    expect(hours.syncNow).toBe('done');
  });

  it('is given up when nothing goes on for ten minutes', () => {
    const hours = start();
    syncWhen = 'daily 05:00-06:00';
    hours.sendNow();
    pass(hours, STALLED_MS - 5_000);
    hours.progressed();
    pass(hours, STALLED_MS - 5_000);
    expect(hours.syncNow).toBe('running');
    pass(hours, 5_000);
    expect(hours.syncNow).toBe('stalled');
    expect(hours.isOpen()).toBe(false);
  });

  it('counts no minutes that only the clock has jumped', () => {
    const hours = start();
    hours.sendNow();
    nowMs += 12 * HOUR_MS;
    hours.tick();
    expect(hours.syncNow).toBe('running');
  });

  it('ends also where sending is never held up', () => {
    syncWhen = null;
    const hours = start();
    hours.sendNow();
    isSettled = true;
    answeredRound = newestRound;
    pass(hours, 5_000);
    expect(hours.syncNow).toBe('done');
    expect(changes).toEqual([]);
  });

  it('goes on after the agent was killed, with what was asked for then', () => {
    start().sendNow();
    newestRound = 9;
    const again = start();
    expect(again.isOpen()).toBe(true);
    expect(again.syncNow).toBe('running');
    isSettled = true;
    answeredRound = 3;
    pass(again, 5_000);
    expect(again.syncNow).toBe('done');
    expect(again.isOpen()).toBe(false);
  });
});
