import { describe, expect, it } from 'vitest';
import { agentPhase, standstillOf } from './status.ts';

describe('agentPhase', () => {
  const ready = {
    isConfigured: true,
    hasWeights: true,
    hasFailed: false,
    isPaused: false,
    loop: 'training',
  } as const;

  it.each([
    [{}, 'training'],
    [{ loop: 'resting' }, 'idle'],
    [{ loop: 'finished' }, 'idle'],
    [{ loop: 'waiting' }, 'starting'],
    [{ loop: null }, 'starting'],
    [{ isPaused: true }, 'paused'],
    [{ hasWeights: false, loop: null }, 'awaiting-weights'],
    [{ isConfigured: false, hasWeights: false, loop: null }, 'unconfigured'],
    [{ loop: 'failed' }, 'failed'],
    [{ hasFailed: true, isConfigured: false }, 'failed'],
  ] as const)('%j is %s', (facts, phase) => {
    expect(agentPhase({ ...ready, ...facts })).toBe(phase);
  });
});

describe('standstillOf', () => {
  const idle = {
    phase: 'idle',
    loop: 'resting',
    hold: null,
    isFinished: false,
    sleepsUntilMs: null,
  } as const;
  const untilMs = Date.parse('2026-11-26T13:00:00Z');
  const until = '2026-11-26T13:00:00.000Z';

  it.each([
    [{ phase: 'training', loop: 'training' }, null],
    [{ sleepsUntilMs: untilMs }, { reason: 'resting', until }],
    [
      { loop: 'held', hold: { reason: 'outside-plan', untilMs } },
      { reason: 'outside-plan', until },
    ],
    [
      { loop: 'held', hold: { reason: 'on-battery', untilMs: null } },
      { reason: 'on-battery', until: null },
    ],
    // The schedule has just let go, and the loop has not woken up yet.
    [{ loop: 'held' }, { reason: 'starting', until: null }],
    // What a person decided comes before what the clock decides.
    [
      { phase: 'paused', hold: { reason: 'outside-plan', untilMs } },
      { reason: 'paused', until: null },
    ],
    [
      { isFinished: true, hold: { reason: 'outside-plan', untilMs } },
      { reason: 'finished', until: null },
    ],
    [{ phase: 'awaiting-weights' }, { reason: 'no-weights', until: null }],
    [{ phase: 'failed' }, { reason: 'failed', until: null }],
  ] as const)('%j: %j', (facts, standstill) => {
    expect(standstillOf({ ...idle, ...facts })).toEqual(standstill);
  });
});
