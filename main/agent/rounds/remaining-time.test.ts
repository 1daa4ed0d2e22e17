import { describe, expect, it } from 'vitest';
import { remainingMs } from './remaining-time.ts';

describe('remainingMs', () => {
  const startedAt = '2026-01-01T00:00:00.000Z';
  const afterTenSeconds = Date.parse(startedAt) + 10_000;

  it('goes on at the pace so far', () => {
    // By hand: 10 s for 20 of 80 batches, 60 left: 30 s.
    expect(remainingMs({ batch: 20, batches: 80, startedAt }, afterTenSeconds)).toBe(30_000);
  });

  it('is unknown before the first batch and nothing after the last', () => {
    expect(remainingMs({ batch: 0, batches: 80, startedAt }, afterTenSeconds)).toBeNull();
    expect(remainingMs({ batch: 80, batches: 80, startedAt }, afterTenSeconds)).toBe(0);
  });
});
