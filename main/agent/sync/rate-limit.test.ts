import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { RateLimit } from './rate-limit.ts';

describe('RateLimit', () => {
  it('spreads pieces evenly at the rate', () => {
    const limit = new RateLimit(50_000);
    expect(limit.take(5_000, 1_000)).toBe(100);
    // A sender that comes back late catches nothing up, and one that comes early waits longer.
    expect(limit.take(5_000, 1_104)).toBe(100);
    expect(limit.take(10_000, 1_150)).toBe(254);
  });

  it('saves nothing up while the link is idle', () => {
    const limit = new RateLimit(1_000);
    limit.take(1_000, 0);
    expect(limit.take(1_000, 60_000)).toBe(1_000);
  });

  it('keeps a rate over a long transfer, whenever the sender looks', () => {
    const limit = new RateLimit(100_000);
    let [nowMs, sent] = [0, 0];
    while (nowMs < 60_000) {
      sent += limit.frameBytes;
      // A timer that is up to 15 ms late.
      nowMs += limit.take(limit.frameBytes, nowMs) + (sent % 15);
    }
    const rate = (sent / nowMs) * 1000;
    expect(rate).toBeLessThanOrEqual(101_000);
    expect(rate).toBeGreaterThan(85_000);
  });

  it('waits for nothing without a limit', () => {
    const limit = new RateLimit(null);
    expect(limit.take(1e9, 0)).toBe(0);
    expect(limit.frameBytes).toBe(DATA_CHUNK_BYTES);
  });

  it.each([
    [1_000, 4_096],
    [1_000_000, 100_000],
    [100_000_000, DATA_CHUNK_BYTES],
  ])('sends frames that fit %d bytes per second', (bytesPerSecond, frameBytes) => {
    expect(new RateLimit(bytesPerSecond).frameBytes).toBe(frameBytes);
  });
});
