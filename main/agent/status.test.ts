import { describe, expect, it } from 'vitest';
import { agentPhase } from './status.ts';

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
