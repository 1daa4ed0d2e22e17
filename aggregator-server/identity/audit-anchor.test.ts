import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AuditAnchor } from './audit-anchor.ts';

const HOUR_MS = 3_600_000;
const DIGEST = 'd'.repeat(64);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function anchored() {
  const said: string[] = [];
  const log = pino(
    { base: null },
    { write: (line) => void said.push(JSON.parse(line).auditHead ?? 'unknown') },
  );
  let sequence = 1;
  const register = {
    auditHead: async () => {
      if (sequence < 0) throw new Error('no disk');
      return { sequence, digest: DIGEST };
    },
  };
  const grow = (to: number) => {
    sequence = to;
  };
  return { said, grow, anchor: new AuditAnchor({ register, log }) };
}

it('says where the record ends at the start, every hour whether it grew or not, and at the stop', async () => {
  const { said, grow, anchor } = anchored();
  await anchor.start();
  grow(4);
  await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
  grow(5);
  await anchor.close();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(said).toEqual([1, 4, 4, 5].map((rows) => `${rows}:${DIGEST}`));
});

it('says nothing of a record that was never begun, and goes on after an hour in which it could not be read', async () => {
  const { said, grow, anchor } = anchored();
  await anchor.close();
  expect(said).toEqual([]);
  await anchor.start();
  grow(-1);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  grow(2);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(said).toEqual([`1:${DIGEST}`, 'unknown', `2:${DIGEST}`]);
});
