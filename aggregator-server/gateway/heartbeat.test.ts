import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { Heartbeat, SLICES } from './heartbeat.ts';

const PERIOD_MS = 10_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A heartbeat over some members, with how often each was checked. */
function beating(count: number) {
  const heartbeat = new Heartbeat(PERIOD_MS);
  onTestFinished(() => heartbeat.stop());
  const checks = Array<number>(count).fill(0);
  const members = checks.map((_, index) => ({
    checkAlive: () => {
      checks[index]!++;
    },
  }));
  for (const member of members) heartbeat.add(member);
  return { heartbeat, members, checks };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

it('checks each member once per period, and never many at one moment', () => {
  const { checks } = beating(4 * SLICES + 1);
  for (let period = 1; period <= 3; period++) {
    for (let slice = 0; slice < SLICES; slice++) {
      const before = sum(checks);
      vi.advanceTimersByTime(PERIOD_MS / SLICES);
      expect(sum(checks) - before).toBeLessThanOrEqual(5);
    }
    expect(new Set(checks)).toEqual(new Set([period]));
  }
});

it('lets go of members, and checks nobody after it was stopped', () => {
  const { heartbeat, members, checks } = beating(3);
  heartbeat.remove(members[1]!);
  vi.advanceTimersByTime(PERIOD_MS);
  expect(checks).toEqual([1, 0, 1]);
  heartbeat.stop();
  vi.advanceTimersByTime(PERIOD_MS);
  expect(checks).toEqual([1, 0, 1]);
});
