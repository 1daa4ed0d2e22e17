import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { TransferPace } from './transfer-pace.ts';

const MB = 1_000_000;

describe('TransferPace', () => {
  it('begins with whole frames', () => {
    expect(new TransferPace().frameBytes).toBe(DATA_CHUNK_BYTES);
  });

  it('sends ten milliseconds at once over a link that was cut, by what has arrived', () => {
    const pace = new TransferPace();
    pace.begin('up', 'a', { offset: 0, nowMs: 0 });
    expect(pace.connectionEnded(2_000)).toBe(false);
    // 2 MB in 2 s have arrived, whatever this side has handed to its socket.
    pace.begin('up', 'a', { offset: 2 * MB, nowMs: 2_300 });
    expect(pace.frameBytes).toBe(10_000);
    expect(pace.connectionEnded(4_300)).toBe(true);
  });

  it('learns from what came of a download', () => {
    const pace = new TransferPace();
    pace.begin('down', 'b', { offset: 1 * MB, nowMs: 0 });
    pace.received(1.5 * MB, 500);
    pace.received(3 * MB, 1_000);
    expect(pace.connectionEnded(20_000)).toBe(true);
    expect(pace.frameBytes).toBe(20_000);
  });

  it('keeps frames between 4 and 256 KiB', () => {
    const slow = new TransferPace();
    slow.begin('down', 'b', { offset: 0, nowMs: 0 });
    slow.received(1_000, 1_000);
    slow.connectionEnded(1_000);
    expect(slow.frameBytes).toBe(4_096);
    const fast = new TransferPace();
    fast.begin('up', 'a', { offset: 0, nowMs: 0 });
    fast.delivered(100 * MB, 1_000);
    expect(fast.frameBytes).toBe(DATA_CHUNK_BYTES);
  });

  it('goes back to whole frames when the link is fast again, also for a small model', () => {
    const pace = new TransferPace();
    pace.begin('down', 'b', { offset: 0, nowMs: 0 });
    pace.received(1_000, 1_000);
    pace.connectionEnded(1_000);
    pace.begin('up', 'a', { offset: 0, nowMs: 2_000 });
    pace.delivered(30_000, 2_010);
    expect(pace.frameBytes).toBe(DATA_CHUNK_BYTES);
  });

  it('takes a connection that brought nothing further for no progress', () => {
    const pace = new TransferPace();
    expect(pace.connectionEnded(0)).toBe(false);
    pace.begin('up', 'a', { offset: 5, nowMs: 0 });
    expect(pace.connectionEnded(1_000)).toBe(false);
    pace.begin('up', 'a', { offset: 5, nowMs: 2_000 });
    expect(pace.connectionEnded(3_000)).toBe(false);
    // Another update, or one that begins anew, says nothing about the last one.
    pace.begin('up', 'b', { offset: 9, nowMs: 4_000 });
    pace.begin('up', 'b', { offset: 0, nowMs: 4_000 });
    expect(pace.connectionEnded(5_000)).toBe(false);
    expect(pace.frameBytes).toBe(DATA_CHUNK_BYTES);
  });
});
