import { DEFAULT_SCHEDULE, type Schedule } from '@genba/shared/local-api/schedule';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PowerSource } from './battery.ts';
import type { TrainingHold } from './training-hold.ts';
import { TrainingSchedule } from './training-schedule.ts';

const MINUTE_MS = 60_000;
/** Thursday, 10:00 in Japan. */
const START = Date.parse('2026-11-26T10:00+09:00');

const zone = process.env.TZ;
let settings: Schedule;
let nowMs: number;
let power: PowerSource;
let powerAskedCount: number;
/** Of the whole PC, which has four cores, and of our own two processes. */
let busyMs: number;
let ownMs: number;
let holds: (TrainingHold | null)[];
let wakeCount: number;
let schedule: TrainingSchedule;

beforeEach(() => {
  process.env.TZ = 'Asia/Tokyo';
  settings = DEFAULT_SCHEDULE;
  nowMs = START;
  power = 'mains';
  powerAskedCount = 0;
  busyMs = 0;
  ownMs = 0;
  holds = [];
  wakeCount = 0;
  schedule = new TrainingSchedule({
    settings: () => settings,
    onChange: (hold) => holds.push(hold),
    onWake: () => {
      wakeCount += 1;
    },
    log: pino({ level: 'silent' }),
    now: () => nowMs,
    readTimes: () => ({ busyMs, totalMs: 4 * nowMs }),
    readPower: async () => {
      powerAskedCount += 1;
      return power;
    },
    ownCpuMs: () => ownMs,
  });
});

afterEach(() => {
  schedule.stop();
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** Lets time pass in the steps of the timer; others use so many of the four cores, we so many. */
async function pass(seconds: number, { others = 0, ours = 0 } = {}): Promise<void> {
  for (let second = 0; second < seconds; second += 5) {
    nowMs += 5_000;
    busyMs += (others + ours) * 5_000;
    ownMs += ours * 5_000;
    schedule.tick();
    await Promise.resolve();
  }
}

describe('TrainingSchedule', () => {
  it('lets training run at any time where nothing was set', async () => {
    schedule.start();
    await pass(60);
    expect(schedule.hold()).toBeNull();
    expect(holds).toEqual([]);
  });

  it('opens and closes with the plan, and says when it opens', async () => {
    settings = { ...settings, trainWhen: 'daily 10:10-10:20' };
    schedule.start();
    expect(schedule.hold()).toEqual({ reason: 'outside-plan', untilMs: START + 10 * MINUTE_MS });
    await pass(9 * 60 + 55);
    expect(holds).toEqual([]);
    await pass(5);
    expect(holds).toEqual([null]);
    await pass(10 * 60);
    expect(holds[1]).toEqual({
      reason: 'outside-plan',
      untilMs: START + 24 * 60 * MINUTE_MS + 10 * MINUTE_MS,
    });
  });

  it('follows other settings at once', () => {
    schedule.start();
    settings = { ...settings, trainWhen: 'daily 22:00-06:00' };
    schedule.settingsChanged();
    settings = { ...settings, trainWhen: null };
    schedule.settingsChanged();
    expect(holds.map((hold) => hold?.reason ?? null)).toEqual(['outside-plan', null]);
  });

  it('waits on battery, and does not ask again where there is none', async () => {
    power = 'battery';
    schedule.start();
    await vi.waitFor(() => expect(holds[0]?.reason).toBe('on-battery'));
    power = 'no-battery';
    await pass(30);
    await vi.waitFor(() => expect(schedule.hold()).toBeNull());
    const asked = powerAskedCount;
    await pass(600);
    expect(powerAskedCount).toBe(asked);
  });

  it.each(['mains', 'unknown'] as const)('trains on battery where it may, and with %s', async (other) => {
    settings = { ...settings, onBattery: 'train' };
    power = 'battery';
    schedule.start();
    await pass(60);
    expect(powerAskedCount).toBe(0);
    settings = { ...settings, onBattery: 'pause' };
    power = other;
    await pass(60);
    expect(schedule.hold()).toBeNull();
  });

  it('notices that the PC has slept, and that its clock was set back, and nothing else', async () => {
    schedule.start();
    await pass(60);
    expect(wakeCount).toBe(0);
    nowMs += 8 * 60 * MINUTE_MS;
    schedule.tick();
    expect(wakeCount).toBe(1);
    nowMs -= 60 * MINUTE_MS;
    schedule.tick();
    expect(wakeCount).toBe(2);
    await pass(60);
    expect(wakeCount).toBe(2);
  });

  it('is right about the plan at once after a night asleep', () => {
    settings = { ...settings, trainWhen: 'daily 22:00-06:00' };
    schedule.start();
    nowMs = Date.parse('2026-11-26T23:00+09:00');
    schedule.tick();
    expect(holds).toEqual([null]);
    nowMs = Date.parse('2026-11-27T07:00+09:00');
    schedule.tick();
    expect(holds[1]?.reason).toBe('outside-plan');
  });
});

describe('a PC that is left to its users', () => {
  beforeEach(() => {
    settings = { ...settings, idleMinutes: 5 };
  });

  it('counts as used at first, then is free until others work on it, then waits its minutes', async () => {
    schedule.start();
    expect(schedule.hold()).toEqual({ reason: 'pc-in-use', untilMs: START + 5 * MINUTE_MS });
    await pass(300);
    expect(schedule.hold()).toBeNull();
    // Two of four cores: half of the PC.
    await pass(10, { others: 2 });
    expect(schedule.hold()).toEqual({ reason: 'pc-in-use', untilMs: nowMs + 5 * MINUTE_MS });
    // What ends below the upper mark and above the lower one has not ended.
    await pass(300, { others: 0.6 });
    expect(schedule.hold()?.reason).toBe('pc-in-use');
    await pass(295);
    expect(schedule.hold()?.reason).toBe('pc-in-use');
    await pass(10);
    expect(schedule.hold()).toBeNull();
  });

  it('does not mind a short burst, nor its own trainer', async () => {
    schedule.start();
    await pass(300);
    await pass(5, { others: 4 });
    await pass(5);
    expect(schedule.hold()).toBeNull();
    await pass(600, { ours: 3 });
    expect(schedule.hold()).toBeNull();
  });

  it('does not blame others for a batch that the trainer has not reported yet', async () => {
    schedule.start();
    await pass(300);
    schedule.trainerBusy();
    // Thirty seconds on all cores in the trainer: not in our own time before it tells.
    for (let step = 0; step < 6; step++) {
      nowMs += 5_000;
      busyMs += 20_000;
      schedule.tick();
    }
    schedule.trainerReported(120_000, true);
    expect(schedule.hold()).toBeNull();
    for (let step = 0; step < 6; step++) {
      nowMs += 5_000;
      busyMs += 20_000;
      schedule.trainerReported(120_000 + (step + 1) * 10_000, true);
    }
    expect(schedule.hold()?.reason).toBe('pc-in-use');
  });

  it('believes the window, as long as it tells', async () => {
    schedule.start();
    schedule.report({ idleSeconds: 301, isOnBattery: false });
    expect(schedule.hold()).toBeNull();
    await pass(20, { others: 4 });
    expect(schedule.hold()).toBeNull();
    schedule.report({ idleSeconds: 1, isOnBattery: false });
    expect(schedule.hold()).toEqual({ reason: 'pc-in-use', untilMs: nowMs + 5 * MINUTE_MS - 1000 });
    schedule.report({ idleSeconds: 301, isOnBattery: true });
    expect(schedule.hold()?.reason).toBe('on-battery');
    // The window is closed: after a while its word is old, and others have been at work since.
    await pass(90, { others: 4 });
    expect(schedule.hold()?.reason).toBe('pc-in-use');
  });
});
